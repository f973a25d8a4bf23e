import django.db.models.deletion
from django.db import migrations, models


def forget_what_is_about_no_ticket(apps, schema_editor):
    apps.get_model("notices", "Notice").objects.filter(ticket=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0002_initial'),
        ('tickets', '0002_shares_and_satisfaction'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notice',
            name='ticket',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket'),
        ),
        # Before going back, as an older desk's notices are all about tickets.
        migrations.RunPython(migrations.RunPython.noop, forget_what_is_about_no_ticket),
    ]
