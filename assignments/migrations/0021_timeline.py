from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assignments", "0020_directory")]

    operations = [migrations.RenameField("simulation", "film", "timeline")]
