from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_held_after_a_restore"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailaccount",
            name="auth_serv_id",
            field=models.CharField(blank=True, max_length=255),
        ),
    ]
