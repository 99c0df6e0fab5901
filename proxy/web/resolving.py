"""`/v1/resolve`: a question, answered as the server would answer it, with its explanation."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from proxy.asking import Inquiry, UnknownView, ask_all, ask_engine, place
from proxy.dns.errors import MalformedMessage
from proxy.dns.names import Name
from proxy.model.answers import Question
from proxy.telling.explanation import explanation_json, passages_of
from proxy.web.desk import Desk
from proxy.web.said import Refused, flag, parameters_of, read_type


async def resolve_question(desk: Desk, request: Request) -> Response:
    """The answer to a name, and how it comes about.  With live=false the network is left alone."""
    parameters = parameters_of(request, ("name", "type", "view", "client", "live"))
    configuration = desk.server.configuration
    inquiry = _inquiry(desk, parameters)
    live = flag(parameters, "live", default=True)
    if live:
        finding = await ask_engine(desk.server.engine, inquiry)
    else:
        [finding] = await ask_all(configuration, [inquiry], live=False)
    return JSONResponse(explanation_json(finding, passages_of(configuration, finding, live=live)))


def _inquiry(desk: Desk, parameters: dict[str, str]) -> Inquiry:
    if "name" not in parameters:
        raise Refused(400, "name is missing", "/v1/resolve?name=www.example.com&type=A&view=app")
    if "view" in parameters and "client" in parameters:
        raise Refused(400, "a client has its view already", "give one of view and client")
    try:
        question = Question(Name.from_text(parameters["name"]), read_type(parameters.get("type", "A")))
        client = ipaddress.ip_address(parameters["client"]) if "client" in parameters else None
        return place(desk.server.configuration.world, question, parameters.get("view"), client)
    except MalformedMessage as error:
        raise Refused(400, error.what) from None
    except UnknownView as error:
        raise Refused(404, str(error)) from None
    except ValueError:
        raise Refused(400, f"{parameters['client']} is no IP address") from None
