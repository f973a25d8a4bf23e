from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_one_renews_at_a_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailaccount",
            name="held_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
