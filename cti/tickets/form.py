"""The form of a ticket: words, choices and what is required, read from files that a city may replace one by one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cti.tickets.deadlines import Rule
from cti.tickets.model import FIELDS, Ticket, Value

SHIPPED_FORM = Path(__file__).resolve().parent / "form"
FILES = ("fields", "types", "finishes", "departments", "matters", "streets", "deadlines", "menu", "tags")
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]


class FormError(Exception):
    """A file of the form cannot be used; the text names file and key, and what would be right."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Choice(Words):
    id: str


class Type(Choice):
    requires: tuple[str, ...] = ()


class Finish(Choice):
    requires: tuple[str, ...] = ()
    with_type: bool = False
    then: Literal["sent", "closed", "kept"] = "closed"
    reasons: tuple[Choice, ...] = ()
    by_system: bool = False


class Detail(Words):
    """What a matter asks for."""

    ask_zh: str = ""
    ask_en: str = ""


class Node(Choice):
    """Of a tree: matters or places. `id` is the whole way to it: traffic.parking.move_car."""

    department: str | None = None
    detail: Detail | None = None
    children: tuple[Node, ...] = ()


class FieldForm(Words):
    name: str
    kind: Literal["text", "phone", "yes_no", "choice", "ticket"]
    max: int = Field(200, ge=1, le=20_000)
    ask: Words | None = None
    missing: Words | None = None
    choices: tuple[Choice, ...] = ()
    choices_in: Literal["types", "matters", "streets", "departments", "finishes"] | None = None


class MenuHint(_Part):
    """What a node of the flow, or a queue, says of the request."""

    type: str | None = None
    matter: str | None = None
    department: str | None = None
    sure: float = Field(0.7, ge=0, le=1)


class Form(_Part):
    """All of it. `sample`: files that are the shipped samples and wait for the city's own."""

    sample: tuple[str, ...]
    fields: tuple[FieldForm, ...]
    types: tuple[Type, ...]
    finishes: tuple[Finish, ...]
    departments: tuple[Choice, ...]
    matters: tuple[Node, ...]
    streets: tuple[Node, ...]
    tags: tuple[Choice, ...]
    rules: tuple[Rule, ...]
    menu: Mapping[str, MenuHint]

    def finish(self, code: str | None) -> Finish | None:
        return next((finish for finish in self.finishes if finish.id == code), None)

    def type(self, code: str | None) -> Type | None:
        return next((type_ for type_ in self.types if type_.id == code), None)

    def field(self, name: str) -> FieldForm:
        return next(form for form in self.fields if form.name == name)

    def node(self, tree: Literal["matters", "streets"], code: str) -> Node | None:
        nodes: tuple[Node, ...] = getattr(self, tree)
        found = None
        for depth in range(1, code.count(".") + 2):
            wanted = ".".join(code.split(".")[:depth])
            found = next((node for node in nodes if node.id == wanted), None)
            if found is None:
                return None
            nodes = found.children
        return found

    def way(self, tree: Literal["matters", "streets"], code: str) -> tuple[Node, ...]:
        """The nodes from the top of the tree down to this one; those that there are."""
        parts = code.split(".")
        nodes = (self.node(tree, ".".join(parts[: n + 1])) for n in range(len(parts)))
        return tuple(node for node in nodes if node is not None)

    def choice(self, name: str, code: Value) -> Words | None:
        """What a code of a choice field means; None: the form has no such code."""
        if not isinstance(code, str):
            return None
        form = self.field(name)
        match form.choices_in:
            case "matters" | "streets" as tree:
                way = self.way(tree, code)
                if not way or way[-1].id != code:
                    return None
                return Words(zh=" › ".join(n.zh for n in way), en=" › ".join(n.en for n in way))
            case None:
                choices: tuple[Choice, ...] = form.choices
            case listed:
                choices = getattr(self, listed)
        return next((choice for choice in choices if choice.id == code), None)

    def codes(self, name: Literal["type", "matter", "department"]) -> Iterator[str]:
        """Every code of a choice field, a tree from the top."""
        trees = {"type": self.types, "matter": self.matters, "department": self.departments}
        listed: tuple[Choice, ...] = trees[name]
        left = list(reversed(listed))
        while left:
            one = left.pop()
            yield one.id
            if isinstance(one, Node):
                left += reversed(one.children)

    def required(self, ticket: Ticket, finish: Finish) -> tuple[str, ...]:
        """In the order of the form."""
        names = set(finish.requires)
        if finish.with_type and (type_ := self.type(ticket.text("type"))) is not None:
            names |= set(type_.requires)
        return tuple(name for name in FIELDS if name in names)

    def as_json(self) -> dict[str, Any]:
        """For pages: without what concerns the system alone."""
        shown = self.model_dump(exclude={"rules", "menu"})
        shown["finishes"] = [finish for finish in shown["finishes"] if not finish["by_system"]]
        return shown


def load_form(city: Path | None = None) -> Form:
    """The shipped files, each replaced by the one of the same name in `city`. FormError."""
    texts = {}
    for name in FILES:
        own = city / f"{name}.toml" if city is not None else None
        path = own if own is not None and own.exists() else SHIPPED_FORM / f"{name}.toml"
        try:
            texts[name] = (str(path), path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise FormError(f"{path}: cannot be read ({error})") from None
    return _read(texts)


def _read(texts: Mapping[str, tuple[str, str]]) -> Form:
    tables: dict[str, dict[str, Any]] = {}
    for name, (path, text) in texts.items():
        try:
            tables[name] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FormError(f"{path}: not valid TOML: {error}") from None
    sample = tuple(name for name in FILES if tables[name].pop("sample", False))

    def listed(name: str, model: type[_Item], key: str = "id") -> tuple[_Item, ...]:
        return tuple(_made(model, texts[name][0], code, {key: code, **body}) for code, body in tables[name].items())

    fields = listed("fields", FieldForm, "name")
    if [form.name for form in fields] != list(FIELDS):
        wrong = sorted({form.name for form in fields} ^ set(FIELDS)) or "their order"
        raise FormError(f"{texts['fields'][0]}: the fields are {', '.join(FIELDS)}; wrong here: {wrong}")
    path = texts["deadlines"][0]
    active = tables["deadlines"].get("active")
    rules = tables["deadlines"].get("rules", {}).get(active)
    if rules is None:
        raise FormError(f"{path}: active = {active!r} has no [[rules.{active}]]")
    form = Form(
        sample=sample,
        fields=fields,
        types=listed("types", Type),
        finishes=listed("finishes", Finish),
        departments=listed("departments", Choice),
        matters=_tree(texts["matters"][0], tables["matters"]),
        streets=_tree(texts["streets"][0], tables["streets"]),
        tags=listed("tags", Choice),
        rules=tuple(_made(Rule, path, f"rules.{active} {n}", rule) for n, rule in enumerate(rules, 1)),
        menu={node: _made(MenuHint, texts["menu"][0], node, hint) for node, hint in tables["menu"].items()},
    )
    _check(form, {name: path for name, (path, _) in texts.items()})
    return form


_Item = TypeVar("_Item", bound=BaseModel)


def _made(model: type[_Item], path: str, where: str, body: Any) -> _Item:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise FormError(f"{path}: [{where}] {at}: {first['msg']}") from None


_OWN = ("zh", "en", "department", "detail")


def _tree(path: str, table: Mapping[str, Any], above: str = "") -> tuple[Node, ...]:
    nodes = []
    for key, body in table.items():
        code = above + key
        if not isinstance(body, dict):
            raise FormError(f"{path}: {code}: a table is wanted here, [{code}] with zh and en")
        own = {k: v for k, v in body.items() if k in _OWN}
        below = {k: v for k, v in body.items() if k not in _OWN}
        children = _tree(path, below, f"{code}.")
        nodes.append(_made(Node, path, code, {"id": code, **own, "children": children}))
    return tuple(nodes)


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.children)


def _check(form: Form, paths: Mapping[str, str]) -> None:
    """Codes that one file has of another must be there."""
    departments = {department.id for department in form.departments}
    for node in _walk(form.matters):
        if node.department is not None and node.department not in departments:
            raise FormError(f"{paths['matters']}: [{node.id}] department: {node.department} is not in departments.toml")
    for name, items in (("types", form.types), ("finishes", form.finishes)):
        for item in items:
            if unknown := set(item.requires) - set(FIELDS):
                raise FormError(f"{paths[name]}: [{item.id}] requires: there is no field {', '.join(sorted(unknown))}")
    for code in SYSTEM_FINISHES:
        if form.finish(code) is None:
            raise FormError(f"{paths['finishes']}: [{code}] is missing; the system needs it")
    for node_name, hint in form.menu.items():
        for name in ("type", "matter", "department"):
            code = getattr(hint, name)
            if code is not None and form.choice(name, code) is None:
                raise FormError(f"{paths['menu']}: [{node_name}] {name}: there is no {code}")


NOTHING_NOTED, NOT_ANSWERED = "nothing", "not_answered"
SYSTEM_FINISHES = (NOTHING_NOTED, NOT_ANSWERED)
