"""Who asks for pages, and how htmx asks."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client

from topology.accounts.sign_in import give_role

HTMX = {"HX-Request": "true"}


def person(role: str) -> AbstractBaseUser:
    user, _ = get_user_model().objects.get_or_create(username=role or "nobody")
    if role:
        give_role(user, role)
    return user


def as_(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client
