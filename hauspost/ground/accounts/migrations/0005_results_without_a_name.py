from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_whose_word_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailaccount",
            name="believes_unnamed_results",
            field=models.BooleanField(default=False),
        ),
    ]
