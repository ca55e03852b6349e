"""Who tells this shop about parcels, and where carriers show a parcel to everyone."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from storefront.shipping.carriers.easypost import EasyPost
from storefront.shipping.carriers.generic import GenericTracker
from storefront.shipping.carriers.manual import ManualTracker
from storefront.shipping.carriers.port import Tracker, UnknownCarrier

TRACKERS: tuple[Tracker, ...] = (EasyPost(), GenericTracker(), ManualTracker())
# by the carrier's code; the tracking number is put in for {}
PAGES = {
    "anpost": "https://www.anpost.com/Post-Parcels/Track/History?item={}",
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "dpd": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "gls": "https://gls-group.com/track/{}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
}


def find_tracker(code: str) -> Tracker:
    """Return the one of that code whose messages can be checked; raises UnknownCarrier."""
    for tracker in TRACKERS:
        if tracker.code == code and not tracker.missing_settings():
            return tracker
    raise UnknownCarrier("Nobody of that name tells this shop about parcels.")


def carrier_code(name: str) -> str:
    """Return the name without case, spaces and marks: `An Post` and `anpost` are one carrier."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())[:40]


def tidy_number(text: str) -> str:
    """Return a tracking number as carriers write it: capitals and no spaces."""
    return re.sub(r"\s+", "", text).upper()[:120]


def tracking_page(carrier: str, tracking_number: str, given: str = "") -> str:
    """Return the address where the carrier shows the parcel: the given one if it is https, else a known one, or ""."""
    if given and urlsplit(given).scheme == "https" and urlsplit(given).netloc:
        return given[:500]
    page = PAGES.get(carrier_code(carrier), "")
    return page.format(quote(tracking_number, safe="")) if page else ""
