"""Promotions in the panel: what is taken off, for whom and when, and the codes that bring it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import func, select

from admin.access import actor
from admin.meanwhile import ChangedMeanwhile, check_shown
from admin.promotion_forms import CodeForm, CodesForm, LimitsForm, PromotionForm, promotion_form, read_form
from admin.views import Answer, PanelView
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.errors import NotFound, ShopError
from storefront.promotions.errors import UnknownPromotion
from storefront.promotions.models import Promotion, PromotionCode
from storefront.promotions.services import add_code, change_code, generate_codes, save_promotion

SHOWN_CODES = 200


class Promotions(PanelView):
    """The list of promotions, and a page for each with its codes."""

    def __init__(self) -> None:
        super().__init__(name="Promotions", category="Sales", endpoint="admin_promotions", url="/admin/promotions")

    @expose("/")
    def index(self) -> str:
        """Every promotion in the order in which they apply."""
        count = select(func.count()).where(PromotionCode.promotion_id == Promotion.id).scalar_subquery()
        uses = select(func.sum(PromotionCode.used_count)).where(
            PromotionCode.promotion_id == Promotion.id).scalar_subquery()
        rows = db.session.execute(select(Promotion, count, uses).order_by(
            Promotion.lane, Promotion.priority.desc(), Promotion.id)).all()
        page: str = self.render("admin/promotions/list.html", rows=rows, standing=_standing)
        return page

    @expose("/new/", methods=("GET", "POST"))
    def create(self) -> Answer:
        """The empty form, and what was typed into it."""
        return self._edit(None)

    @expose("/<int:promotion_id>/", methods=("GET", "POST"))
    def edit(self, promotion_id: int) -> Answer:
        """One promotion and its codes."""
        return self._edit(_find(promotion_id))

    @expose("/<int:promotion_id>/codes", methods=("POST",))
    def new_code(self, promotion_id: int) -> Answer:
        """Add one code."""
        row, form = _find(promotion_id), CodeForm(request.form)
        if form.validate():
            try:
                add_code(promotion_id=promotion_id, code=form.code.data, usage_limit=form.usage_limit.data,
                         per_customer_limit=form.per_customer_limit.data, actor=actor())
                flash("The code is added.", "success")
                return self._back(promotion_id)
            except ShopError as error:
                form.code.errors = [*form.code.errors, str(error)]
        db.session.rollback()
        return self._page(row, code_form=form), 422

    @expose("/<int:promotion_id>/codes/batch", methods=("POST",))
    def new_codes(self, promotion_id: int) -> Answer:
        """Make many random codes."""
        row, form = _find(promotion_id), CodesForm(request.form, prefix="batch-")
        if form.validate():
            try:
                made = generate_codes(promotion_id=promotion_id, count=form.count.data or 0, prefix=form.prefix.data,
                                      usage_limit=form.usage_limit.data,
                                      per_customer_limit=form.per_customer_limit.data, actor=actor())
                flash(f"{len(made)} codes are made.", "success")
                return self._back(promotion_id)
            except ShopError as error:
                form.prefix.errors = [*form.prefix.errors, str(error)]
        db.session.rollback()
        return self._page(row, codes_form=form), 422

    @expose("/<int:promotion_id>/codes/<int:code_id>", methods=("POST",))
    def limit_code(self, promotion_id: int, code_id: int) -> Answer:
        """Change a code's limits, or let it count no more."""
        form = LimitsForm(request.form)
        code = db.session.get(PromotionCode, code_id) if code_id < 2**31 else None
        if code is None or code.promotion_id != promotion_id:
            raise UnknownPromotion("code")
        db.session.rollback()
        try:
            if not form.validate():
                raise ShopError(" ".join(str(error) for errors in form.errors.values() for error in errors))
            change_code(code_id=code_id, usage_limit=form.usage_limit.data,
                        per_customer_limit=form.per_customer_limit.data, is_active=form.is_active.data, actor=actor())
            flash("The code is changed.", "success")
        except NotFound:
            raise
        except ShopError as error:
            flash(str(error), "error")
        return self._back(promotion_id)

    def _back(self, promotion_id: int) -> Answer:
        return redirect(url_for(".edit", promotion_id=promotion_id, _anchor="codes"), 303)

    def _edit(self, row: Promotion | None) -> Answer:
        form = promotion_form(request.form if request.method == "POST" else None, row)
        problem: str | list[str] = ""
        row_id = row.id if row else None
        if request.method == "POST" and form.validate():
            try:
                saved = _save(row_id, form)
                flash("The promotion is saved.", "success")
                return redirect(url_for(".edit", promotion_id=saved) if row_id is None else url_for(".index"), 303)
            except ChangedMeanwhile as error:
                form, problem = error.form, error.told
            except ShopError as error:
                problem = str(error)
        db.session.rollback()
        page = self._page(_find(row_id) if row_id else None, form=form, problem=problem)
        return (page, 422) if request.method == "POST" else page

    def _page(self, row: Promotion | None, **said: Any) -> str:
        codes = db.session.scalars(
            select(PromotionCode).where(PromotionCode.promotion_id == row.id).order_by(PromotionCode.id.desc())
            .limit(SHOWN_CODES)).all() if row else []
        facts = {"row": row, "codes": codes, "shown": SHOWN_CODES, "form": promotion_form(None, row), "problem": "",
                 "code_form": CodeForm(), "codes_form": CodesForm(prefix="batch-")}
        page: str = self.render("admin/promotions/edit.html", **(facts | said))
        return page


@transactional
def _save(promotion_id: int | None, form: PromotionForm) -> int:
    """Save what the form says, when the promotion is still what it showed; raises ChangedMeanwhile."""
    if promotion_id is not None:
        row = db.session.get(Promotion, promotion_id, with_for_update=True)
        if row is not None:
            check_shown(form, promotion_form(None, row), "promotion")
    return save_promotion(promotion_id=promotion_id, actor=actor(), **read_form(form))


def _find(promotion_id: int) -> Promotion:
    row = db.session.get(Promotion, promotion_id) if promotion_id < 2**31 else None
    if row is None:
        raise UnknownPromotion
    return row


def _standing(row: Promotion) -> str:
    """Return in a word whether it counts now."""
    at = now()
    if not row.is_active:
        return "Off"
    if row.ends_at is not None and row.ends_at <= at:
        return "Ended"
    return "Waits" if row.starts_at is not None and row.starts_at > at else "Counts"
