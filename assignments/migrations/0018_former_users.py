"""What imports overwrite and removals take away is kept, so that both can be undone."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assignments', '0017_thinned'),
        ('topology', '0014_folding'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FormerUser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user_key', models.BigIntegerField()),
                ('change', models.CharField(choices=[('made', 'Created'), ('changed', 'Changed'), ('removed', 'Removed')], max_length=8)),
                ('placed', models.BooleanField(default=False, help_text='The operation made the person a user of the cluster')),
                ('user_id', models.CharField(blank=True, max_length=132)),
                ('name', models.CharField(max_length=255, null=True)),
                ('mail', models.CharField(max_length=255, null=True)),
                ('endpoints', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), null=True, size=None)),
                ('contacts', models.PositiveSmallIntegerField(null=True)),
                ('new_name', models.CharField(max_length=255, null=True)),
                ('new_mail', models.CharField(max_length=255, null=True)),
                ('new_endpoints', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), null=True, size=None)),
                ('new_contacts', models.PositiveSmallIntegerField(null=True)),
                ('written', models.UUIDField(help_text='Fingerprint of what was written of a new person', null=True)),
                ('from_node_id', models.BigIntegerField(help_text='The home node before', null=True)),
                ('to_node_id', models.BigIntegerField(help_text='The home node that the operation gave', null=True)),
                ('created_at', models.DateTimeField(null=True)),
                ('pin', models.JSONField(help_text='Reason, owner and time of the pin', null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='operation',
            name='operation_kind_known',
        ),
        migrations.AlterField(
            model_name='operation',
            name='kind',
            field=models.CharField(choices=[('move', 'Move'), ('rebalance', 'Rebalance'), ('failover', 'Failover'), ('failback', 'Failback'), ('import', 'Import'), ('removal', 'Removal of users')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='operation',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['move', 'rebalance', 'failover', 'failback', 'import', 'removal'])), name='operation_kind_known'),
        ),
        migrations.AddField(
            model_name='formeruser',
            name='operation',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='former_users', to='assignments.operation'),
        ),
        migrations.AddConstraint(
            model_name='formeruser',
            constraint=models.UniqueConstraint(fields=('operation', 'user_key'), name='former_user_once'),
        ),
        migrations.AddConstraint(
            model_name='formeruser',
            constraint=models.CheckConstraint(condition=models.Q(('change__in', ['made', 'changed', 'removed'])), name='former_user_change_known'),
        ),
    ]
