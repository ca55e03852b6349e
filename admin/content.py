"""What the home page, the pages of words and the menus say."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, FieldList, FormField, SelectField, ValidationError

from admin.fields import Required, WholeField, check_link, check_slug, choices, line, text
from admin.forms import Form
from admin.moments import moment
from admin.pictures import PictureField
from admin.views import TableView
from storefront.catalog.events import PictureUploaded
from storefront.content.events import HomeChanged, MenuChanged, PageChanged
from storefront.content.models import (
    Banner,
    HomeSection,
    HomeSectionLink,
    LinkKind,
    MenuItem,
    MenuPlace,
    Page,
    PromotionTile,
)
from storefront.foundation.database import db
from storefront.foundation.outbox import Event, record
from storefront.foundation.richtext import clean_html

LINK_HINT = "A path such as /c/ceramics, or a full address."
MAX_LINKS = 4  # of each kind in a section


def _title(label: str = "Title", most: int = 120, missing: str = "Give it a title.") -> Any:
    return line(label, Required(missing), most=most)


def _link(label: str = "Leads to") -> Any:
    return line(label, Required("Say where it leads."), check_link, most=400, description=LINK_HINT)


def _place() -> WholeField:
    return WholeField("Place", [Required("Enter a number; smaller ones come first.")], high=10_000, default=0,
                      description="Smaller numbers come first.")


class BannerForm(Form):
    """A slide of the carousel."""

    title = _title()
    text = text("Text", most=300, rows=2)
    link_label = _title("Button", 60, "Say what stands on the button.")
    link_url = _link()
    picture = PictureField("Picture")
    tone = SelectField("Ground", choices=choices([("light", "Light"), ("dark", "Dark")]))
    position = _place()
    is_published = BooleanField("Shown in the shop", default=True)


class TileForm(Form):
    """A small advertisement."""

    title = _title()
    text = text("Text", most=300, rows=2)
    url = _link()
    picture = PictureField("Picture")
    position = _place()
    is_published = BooleanField("Shown in the shop", default=True)


class LinkForm(Form):
    """A link of a home section; without words it does not exist."""

    label = line("Words", most=120)
    url = line("Leads to", most=400)
    picture = PictureField("Picture")

    def validate_url(self, field: Any) -> None:
        if self.label.data:
            check_link(self, field)
        elif field.data:
            raise ValidationError("Give this link its words, or clear both.")


class SectionForm(Form):
    """A category's place on the home page."""

    title = _title()
    intro = text("Introduction", most=300, rows=2)
    url = _link()
    titles = FieldList(FormField(LinkForm), label="Links in words", max_entries=MAX_LINKS)
    pictures = FieldList(FormField(LinkForm), label="Links with a picture", max_entries=MAX_LINKS)
    position = _place()
    is_published = BooleanField("Shown in the shop", default=True)


class PageForm(Form):
    """A page of words that exists: its address stays, because people follow it."""

    title = _title(most=200)
    summary = text("Summary", most=300, rows=2, description="One sentence, for search engines.")
    body = text("Text", rows=18, most=100_000, description="Plain text: an empty line begins a paragraph. Simple HTML "
                "(h2, p, ul, li, strong, em, a, table) is kept, everything else is removed.")
    is_published = BooleanField("Shown in the shop", default=True)


class NewPageForm(PageForm):
    """A new page of words."""

    slug = line("Address", Required("Give the page an address."), check_slug, most=120,
                description="The page will stand at /pages/ and this. It cannot be changed later.")


class MenuItemForm(Form):
    """A link of the header or the footer."""

    place = SelectField("Where", choices=choices([(MenuPlace.HEADER.value, "Header, after the categories"),
                                                  (MenuPlace.FOOTER.value, "Footer")]))
    group = line("Group", most=80, description="Only in the footer: the words above the links.")
    label = _title("Words", 80, "Say what the link is called.")
    url = _link()
    position = _place()

    def validate_group(self, field: Any) -> None:
        if self.place.data == MenuPlace.FOOTER.value and not field.data:
            raise ValidationError("A link of the footer stands in a group, such as Help.")


class HomeTable(TableView):
    """A table that the home page shows."""

    group = "content"
    column_default_sort = "position"

    def announce(self, row: Any) -> Event | None:
        """Every picture has its sizes made; a job that finds them all makes none."""
        for key in self.pictures_of(row):
            record(PictureUploaded(key))
        return HomeChanged()

    def pictures_of(self, row: Any) -> list[str]:
        """Return the keys of the row's pictures."""
        return [row.picture] if row.picture else []


class Banners(HomeTable):
    """The carousel of the home page."""

    noun, form = "banner", BannerForm
    hint = "The first screen of the home page, side by side in this order. Nothing turns by itself."
    column_list = ("title", "position", "link_url", "is_published")
    column_labels = {"link_url": "Leads to", "is_published": "Shown", "position": "Place"}


class Tiles(HomeTable):
    """The promotion tiles of the home page."""

    noun, form = "tile", TileForm
    hint = "Small advertisements below the banners."
    column_list = ("title", "position", "url", "is_published")
    column_labels = {"url": "Leads to", "is_published": "Shown", "position": "Place"}


class Sections(HomeTable):
    """The sections of the home page with their links."""

    noun, form = "section", SectionForm
    hint = "A category each, with up to four links in words and four with a picture."
    column_list = ("title", "position", "url", "is_published")
    column_labels = {"url": "Leads to", "is_published": "Shown", "position": "Place"}
    edit_template = create_template = "admin/section.html"

    def create_form(self, obj: Any = None) -> Any:
        return _filled(super().create_form(obj))

    def form_of(self, row: Any, sent: Any = None) -> Any:
        form: Any = super().form_of(row, sent)
        if not form.titles.entries and not form.pictures.entries:
            for link in row.links:
                (form.titles if link.kind is LinkKind.TITLE else form.pictures).append_entry(
                    {"label": link.label, "url": link.url, "picture": link.picture})
        return _filled(form)

    def pictures_of(self, row: Any) -> list[str]:
        return [link.picture for link in row.links if link.picture]

    def values(self, form: Any) -> dict[str, Any]:
        words = {name: value for name, value in super().values(form).items() if name not in ("titles", "pictures")}
        rows = [(LinkKind.TITLE, row) for row in form.titles.data]
        rows += [(LinkKind.PICTURE, row) for row in form.pictures.data]
        links = [HomeSectionLink(kind=kind, position=place, label=row["label"], url=row["url"],
                                 picture=row["picture"] if kind is LinkKind.PICTURE else "")
                 for place, (kind, row) in enumerate(rows) if row["label"]]
        return {**words, "links": links}


class Pages(TableView):
    """The pages of words."""

    group, noun, form = "content", "page", NewPageForm
    hint = "About, delivery, imprint: each stands at /pages/ and its address. Menus lead to them."
    column_list = ("title", "slug", "is_published", "updated_at")
    column_labels = {"slug": "Address", "is_published": "Shown", "updated_at": "Changed"}
    column_formatters = {"updated_at": lambda view, context, row, name: moment(row.updated_at)}
    column_searchable_list = ("title", "slug")
    column_default_sort = "title"

    def get_edit_form(self) -> Any:
        return PageForm

    def announce(self, row: Any) -> Event | None:
        return PageChanged(row.slug)

    def values(self, form: Any) -> dict[str, Any]:
        values = super().values(form)
        return {**values, "body": clean_html(values["body"])}


class MenuItems(TableView):
    """The links of the header and the footer."""

    group, noun, form = "content", "menu link", MenuItemForm
    hint = "The header shows the categories by itself; these links follow them. The footer shows its links in groups."
    column_list = ("label", "place", "group", "position", "url")
    column_labels = {"label": "Words", "url": "Leads to", "position": "Place", "place": "Where"}
    column_formatters = {"place": lambda view, context, row, name: row.place.value.capitalize()}
    column_default_sort = [("place", False), ("position", False)]

    def title_of(self, row: Any) -> str:
        return str(row.label)

    def announce(self, row: Any) -> Event | None:
        return MenuChanged()

    def values(self, form: Any) -> dict[str, Any]:
        values = super().values(form)
        return {**values, "place": MenuPlace(values["place"])}


def views() -> list[TableView]:
    """Return the views of this file, in the order of the menu."""
    menu = {"category": "Content"}
    return [
        Banners(Banner, db, name="Banners", endpoint="admin_banners", url="/admin/banners", **menu),
        Tiles(PromotionTile, db, name="Tiles", endpoint="admin_tiles", url="/admin/tiles", **menu),
        Sections(HomeSection, db, name="Home sections", endpoint="admin_sections", url="/admin/sections", **menu),
        Pages(Page, db, name="Pages", endpoint="admin_pages", url="/admin/pages", **menu),
        MenuItems(MenuItem, db, name="Menus", endpoint="admin_menus", url="/admin/menus", **menu),
    ]


def _filled(form: Any) -> Any:
    """Give each list of links its four places."""
    for links in (form.titles, form.pictures):
        while len(links.entries) < MAX_LINKS:
            links.append_entry()
    return form
