"""People of the directory."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Upper
from django.utils import timezone

from topology.models.folding import Fold

MAX_CONTACTS = 200
MAX_USER_ID = 132
MAX_URI = 255
ENDPOINT_KINDS = {  # the seven kinds of the feature page
    "desk_phone": "Desk phone",
    "personal_communicator": "Personal Communicator",
    "mobile_communicator": "Mobile Communicator",
    "mobile_communicator_soft": "Mobile Communicator (soft client)",
    "office_communicator": "Office Communicator",
    "sametime": "Sametime",
    "third_party": "Third-party interface",
}

TWIN_LEFT = pgtrigger.Trigger(
    name="twin_left",
    level=pgtrigger.Statement,
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    referencing=pgtrigger.Referencing(old="removed"),
    func="""
IF EXISTS (SELECT FROM topology_enduser WHERE twin > 0) THEN
    UPDATE topology_enduser left_over SET twin = 0
        FROM (
            SELECT DISTINCT ON (folded) id FROM topology_enduser person
            WHERE folded IN (SELECT folded FROM removed WHERE twin = 0)
            ORDER BY folded, twin
        ) AS next WHERE left_over.id = next.id AND left_over.twin > 0;
END IF;
RETURN NULL;
""",
)


class EndUser(models.Model):
    """A person in the directory, with the endpoints and the number of contacts.

    `folded` is the user ID as it is compared and sorted (`folding`). `twin` is 0 for everybody new: users from before
    the folding whose IDs are one by it are numbered, so that they stay until one is removed; a check names them.
    `uri_key` is the directory URI as it is compared: two people may have one, which is a fault that is shown.
    """

    user_id = models.CharField(max_length=MAX_USER_ID)
    folded = models.GeneratedField(
        expression=Fold("user_id"), output_field=models.TextField(db_collation="C"), db_persist=True
    )
    twin = models.PositiveSmallIntegerField(db_default=0, editable=False)
    name = models.CharField(max_length=255, blank=True)
    mail = models.CharField(max_length=255, blank=True)
    directory_uri = models.CharField(max_length=MAX_URI, blank=True, default="", db_default="")
    department = models.CharField(max_length=255, blank=True, default="", db_default="")
    uri_key = models.GeneratedField(
        expression=Fold("directory_uri"), output_field=models.TextField(db_collation="C"), db_persist=True
    )
    endpoints = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    contacts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Its index also serves the order of every list, its keyset cursor and the search for a beginning.
            models.UniqueConstraint(fields=["folded", "twin"], name="user_id_once"),
            models.CheckConstraint(condition=~Q(user_id=""), name="user_id_given"),
            models.CheckConstraint(condition=Q(contacts__lte=MAX_CONTACTS), name="at_most_200_contacts"),
            models.CheckConstraint(condition=Q(endpoints__contained_by=list(ENDPOINT_KINDS)), name="endpoints_known"),
        ]
        indexes = [
            models.Index(fields=["user_id"], condition=Q(twin__gt=0), name="user_id_twins"),
            GinIndex(OpClass("folded", name="gin_trgm_ops"), name="user_id_trigrams"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="user_name_trigrams"),
            GinIndex(OpClass(Upper("mail"), name="gin_trgm_ops"), name="user_mail_trigrams"),
            GinIndex(fields=["endpoints"], name="user_endpoints"),
            models.Index(fields=["contacts"], name="user_contacts"),
            # Read alone, in its order, it shows every URI that two people have; no one keeps a list of them.
            models.Index(fields=["uri_key"], name="user_uri_key", condition=~Q(directory_uri="")),
            GinIndex(OpClass(Upper("directory_uri"), name="gin_trgm_ops"), name="user_uri_trigrams"),
            GinIndex(OpClass(Upper("department"), name="gin_trgm_ops"), name="user_department_trigrams"),
            models.Index(Collate(Upper("name"), "C"), "id", name="user_name_order"),
        ]
        triggers = [TWIN_LEFT]

    def __str__(self) -> str:
        return self.user_id
