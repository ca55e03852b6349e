"""What is of one kind, by what the catalog says."""

from storefront.recommendations.likeness import NEAREST, Traits, find_alike, likeness, words_of


def traits(product_id: int, path: str = "ceramics/bowls", *, name: str = "", brand: int | None = None,
           tags: str = "", amount: int = 2000) -> Traits:
    return Traits(product_id, tuple(path.split("/")) if path else (), brand, frozenset(tags.split()), words_of(name),
                  amount)


def beside(products: list[Traits], product_id: int, limit: int = 12) -> list[int]:
    return [neighbor.item for neighbor in dict(find_alike(products, limit=limit))[product_id]]


def test_kind_tags_words_brand_and_price_make_two_things_alike() -> None:
    bowl = traits(1, name="Low Bowl", tags="stoneware ash", brand=1)
    assert likeness(bowl, traits(2, "light/lamps")) == 0
    plain = likeness(bowl, traits(2))
    assert plain == 2 * 1 + 1
    assert likeness(bowl, traits(2, "ceramics/cups")) < plain
    assert likeness(bowl, traits(2, amount=1000)) == plain - 0.5
    assert likeness(bowl, traits(2, brand=1)) == plain + 0.5
    assert likeness(bowl, traits(2, tags="stoneware ash")) == plain + 1.5
    assert likeness(bowl, traits(2, name="Deep Bowl")) == plain + 1 / 3


def test_the_nearest_come_first_and_never_the_product_itself() -> None:
    products = [traits(1, tags="ash"), traits(2), traits(3, tags="ash"), traits(4, "light/lamps")]
    assert beside(products, 1) == [3, 2]
    assert beside(products, 4) == []
    assert beside(products, 2, limit=1) == [1]


def test_what_repeats_a_title_makes_room_for_others() -> None:
    names = {1: "Ash Tea Bowl", 2: "Ash Tea Bowl", 3: "Ash Tea Bowl", 4: "Deep Plate", 5: "Jug"}
    assert beside([traits(key, name=name) for key, name in names.items()], 1) == [2, 4, 5, 3]


def test_every_product_is_answered_once_from_both_sides_of_a_long_stream() -> None:
    many = [traits(number, amount=1000 + number) for number in range(1, 101)]
    found = {product_id: {neighbor.item for neighbor in neighbors}
             for product_id, neighbors in find_alike(many, limit=2 * NEAREST)}
    assert list(found) == list(range(1, 101))
    assert found[1] == set(range(2, NEAREST + 2))
    assert found[50] == set(range(50 - NEAREST, 51 + NEAREST)) - {50}
    assert found[100] == set(range(100 - NEAREST, 100))
