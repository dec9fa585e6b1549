"""People of the directory."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Collate, Lower, Upper
from django.utils import timezone

MAX_CONTACTS = 200
MAX_USER_ID = 132
ENDPOINT_KINDS = {  # the seven kinds of the feature page
    "desk_phone": "Desk phone",
    "personal_communicator": "Personal Communicator",
    "mobile_communicator": "Mobile Communicator",
    "mobile_communicator_soft": "Mobile Communicator (soft client)",
    "office_communicator": "Office Communicator",
    "sametime": "Sametime",
    "third_party": "Third-party interface",
}


class EndUser(models.Model):
    """A person in the directory, with the endpoints and the number of contacts."""

    user_id = models.CharField(max_length=MAX_USER_ID)
    name = models.CharField(max_length=255, blank=True)
    mail = models.CharField(max_length=255, blank=True)
    endpoints = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    contacts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("user_id"), name="user_id_once"),
            models.CheckConstraint(condition=~Q(user_id=""), name="user_id_given"),
            models.CheckConstraint(condition=Q(contacts__lte=MAX_CONTACTS), name="at_most_200_contacts"),
            models.CheckConstraint(condition=Q(endpoints__contained_by=list(ENDPOINT_KINDS)), name="endpoints_known"),
        ]
        indexes = [
            # One index serves the order of every list, its keyset cursor and the search for a beginning.
            models.Index(Collate(Lower("user_id"), "C"), name="user_id_order"),
            GinIndex(OpClass(Upper("user_id"), name="gin_trgm_ops"), name="user_id_trigrams"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="user_name_trigrams"),
            GinIndex(OpClass(Upper("mail"), name="gin_trgm_ops"), name="user_mail_trigrams"),
            GinIndex(fields=["endpoints"], name="user_endpoints"),
            models.Index(fields=["contacts"], name="user_contacts"),
        ]

    def __str__(self) -> str:
        return self.user_id
