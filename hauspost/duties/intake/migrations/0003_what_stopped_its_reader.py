from typing import Any

from django.db import migrations, models
from django.db.models import F


def keep_faults(apps: Any, schema_editor: Any) -> None:
    """What lies in quarantine now is known by its reason."""
    rows = apps.get_model("intake", "Delivery").objects.filter(because__in=["too_slow", "too_heavy", "deadly"])
    rows.update(fault=F("because"))


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0002_fetched_folders"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="fault",
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.RunPython(keep_faults, migrations.RunPython.noop),
    ]
