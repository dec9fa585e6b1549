"""The order of the list of each cluster, in a table of its own that triggers keep."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION assignments_list_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assignments_listing (user_id, cluster_id, key)
        SELECT a.user_id, a.cluster_id, lower(u.user_id) FROM added a JOIN topology_enduser u ON u.id = a.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_list_added AFTER INSERT ON assignments_assignment
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION assignments_list_added();

CREATE FUNCTION assignments_list_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM assignments_listing l USING removed r WHERE l.user_id = r.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_list_removed AFTER DELETE ON assignments_assignment
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION assignments_list_removed();

CREATE FUNCTION assignments_list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE assignments_listing SET cluster_id = NEW.cluster_id WHERE user_id = NEW.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_list_changed AFTER UPDATE OF cluster_id ON assignments_assignment
    FOR EACH ROW WHEN (OLD.cluster_id IS DISTINCT FROM NEW.cluster_id) EXECUTE FUNCTION assignments_list_changed();

CREATE FUNCTION assignments_list_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE assignments_listing SET key = lower(NEW.user_id) WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_list_renamed AFTER UPDATE OF user_id ON topology_enduser
    FOR EACH ROW WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id) EXECUTE FUNCTION assignments_list_renamed();

INSERT INTO assignments_listing (user_id, cluster_id, key)
    SELECT a.user_id, a.cluster_id, lower(u.user_id) FROM assignments_assignment a
    JOIN topology_enduser u ON u.id = a.user_id ORDER BY 2, 3;
"""
BACKWARD = """
DROP TRIGGER assignments_list_renamed ON topology_enduser;
DROP TRIGGER assignments_list_changed ON assignments_assignment;
DROP TRIGGER assignments_list_removed ON assignments_assignment;
DROP TRIGGER assignments_list_added ON assignments_assignment;
DROP FUNCTION assignments_list_renamed();
DROP FUNCTION assignments_list_changed();
DROP FUNCTION assignments_list_removed();
DROP FUNCTION assignments_list_added();
"""


class Migration(migrations.Migration):
    dependencies = [("assignments", "0012_views_of_all_clusters"), ("topology", "0007_list_filters")]

    operations = [
        migrations.CreateModel(
            name="Listing",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="topology.enduser",
                    ),
                ),
                (
                    "cluster",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="topology.cluster",
                    ),
                ),
                (
                    "key",
                    models.TextField(db_collation="C", help_text="The user ID in the order of every list"),
                ),
            ],
            options={"indexes": [models.Index(fields=["cluster", "key", "user"], name="listing_order")]},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
