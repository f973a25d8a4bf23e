from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailaccount",
            name="renewing_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
