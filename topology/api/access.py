"""What an operation of the API needs: a role in the cluster that its address is about, before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from ninja.decorators import decorate_view

from topology import reasons
from topology.accounts import roles
from topology.accounts.tokens import ApiClient
from topology.api import trying
from topology.api.guard import ApiRequest
from topology.api.problems import not_there
from topology.models import Cluster, Node
from topology.reasons import Refused
from topology.structure import selectors
from topology.structure.within_reach import limited_to_reach
from topology.views.reading import given_twice

Handler = TypeVar("Handler", bound=Callable[..., Any])
Find = Callable[..., Any]  # what an address names, from its parts; raises Refused


def needs(role: str, find: Find | None = None) -> Callable[[Handler], Handler]:
    """Refuse programs without a role in the cluster of what `find` finds; without it: anywhere.

    What was found stands in `request.target`.
    """

    def decorate(run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def checked(request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
            request.target = _found(find, kwargs, request.caller) if find else None
            demand(request.caller, role, _cluster_of(request.target))
            operation = getattr(run, "__self__", None)
            offered = trying.is_offered(operation)
            _known(request, operation, offered)
            if offered and trying.is_asked(request):
                return trying.tried(run, request, *args, **kwargs)
            return run(request, *args, **kwargs)

        checked.role = role  # type: ignore[attr-defined]
        return checked

    return decorate_view(decorate)


def demand(caller: ApiClient, role: str, cluster_id: int | None = None) -> None:
    """Raise Refused where the role of a program does not reach; what is about no cluster may be seen from any."""
    roles.enter(caller, cluster_id)
    if not (roles.may(caller, role) or (role == roles.SEE and cluster_id is None and caller.reach.somewhere)):
        raise roles.lacking(role, cluster_id, program=True)


def _known(request: ApiRequest, operation: Any, tries: bool) -> None:
    """Raise Refused for a parameter that the operation does not have, or has once and is given twice.

    A typing error must not mean everything, and of two values no one could say which is meant.
    """
    models = [model for model in getattr(operation, "models", ()) if model.__ninja_param_source__ == "query"]
    known = {name for model in models for name in model.__ninja_flatten_map__}
    known |= {trying.NAME} if tries else set()
    if unknown := sorted(set(request.GET) - known):
        problem = f"unknown parameter; known: {', '.join(sorted(known)) or 'none'}"
        raise Refused(reasons.API_INPUT_NOT_VALID, place=unknown[0][:40], problem=problem)
    lists = {name for model in models for name in getattr(model, "__ninja_collection_fields__", ())}
    if twice := sorted(given_twice(request) - lists):
        raise Refused(reasons.API_INPUT_NOT_VALID, place=twice[0], problem="the parameter is there twice")


def _found(find: Find, parts: dict[str, Any], caller: ApiClient) -> Any:
    try:
        return find(**parts)
    except Refused as refused:
        raise not_there(limited_to_reach(refused, caller.reach)) from None


def _cluster_of(target: Any) -> int | None:
    return target.pk if isinstance(target, Cluster) else getattr(target, "cluster_id", None)


def cluster(name: str, **_: str) -> Cluster:
    """The cluster that an address names. Raises Refused."""
    return selectors.cluster_named(name)


def node(name: str, **_: str) -> Node:
    """The node that an address names. Raises Refused."""
    return selectors.node_named(name)


def seen_node(caller: ApiClient, name: str) -> Node:
    """The node of a filter, if the program may see its cluster. Raises Refused."""
    node = selectors.node_named(name)
    demand(caller, roles.SEE, node.cluster_id)
    return node


def seen(caller: ApiClient, name: str) -> Cluster:
    """The cluster of a filter, if the program may see it. Raises Refused."""
    cluster = selectors.cluster_named(name)
    demand(caller, roles.SEE, cluster.pk)
    return cluster
