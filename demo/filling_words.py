"""The words from which `flask catalog fill` makes a catalog of any size: shelves, goods, makers, colors."""

from __future__ import annotations

from dataclasses import dataclass

COLORS = {
    "Moss": "#6b7a52", "Rust": "#a8502e", "Clay": "#b98a6d", "Oat": "#e0d6c2", "Ink": "#27323a", "Chalk": "#f1efe8",
    "Slate": "#5c6670", "Plum": "#6a3f56", "Ochre": "#c2902f", "Sea": "#3d7f86", "Sky": "#9cc3d9", "Brick": "#963c2c",
    "Fern": "#4f8a4a", "Sand": "#d8c39c", "Soot": "#1e1d1c", "Rose": "#d99a9a", "Honey": "#d9a441", "Pine": "#2f4f3e",
    "Mist": "#c4ccd0", "Berry": "#8c2f4b", "Copper": "#b06a3b", "Lilac": "#b3a0c9", "Navy": "#22345c",
    "Lemon": "#efd867",
}
ADJECTIVES = ("Quiet", "Round", "Tall", "Low", "Plain", "Folded", "Broad", "Slim", "Deep", "Fine", "Heavy", "Light",
              "Curved", "Ribbed", "Smooth", "Open", "Narrow", "Soft", "Straight", "Small-hours", "Everyday", "Winter",
              "Harbor", "Garden", "Studio", "Field", "Market", "Sunday", "North", "Evening")
FIRST = ("Al", "Bar", "Cor", "Dun", "El", "Fen", "Gar", "Hol", "Is", "Jar", "Kel", "Lum", "Mor", "Nor", "Os", "Pel",
         "Quar", "Ros", "Sel", "Tor", "Ul", "Ven", "Wil", "Yar", "Zel")
LAST = ("bridge", "combe", "dale", "en & Daughters", "field Works", "gate", "holm", "ing Brothers", "more", "ner",
        "quist", "row", "stead", "ton & Co.", "wick", "wood Studio")
ORIGINS = ("Portugal", "Ireland", "Japan", "Denmark", "Poland", "Italy", "India", "Estonia", "Spain", "Lithuania")
CLOTHES = ("XS", "S", "M", "L", "XL")
SCALES = ("Small", "Medium", "Large")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A top category: what lies below it, what its goods are made of, how they come and about what they cost."""

    name: str
    below: dict[str, tuple[str, ...]]
    materials: tuple[str, ...]
    options: tuple[str, tuple[str, ...]]  # the option beside Color
    cents: int  # a middling price


SHELVES = (
    Shelf("Table", {
        "Bowls": ("Salad bowls", "Soup bowls", "Serving bowls"), "Plates": ("Dinner plates", "Side plates", "Platters"),
        "Cups": ("Mugs", "Espresso cups", "Tea bowls"), "Jugs": ("Water jugs", "Milk jugs", "Carafes")},
        ("Stoneware", "Porcelain", "Earthenware", "Glass", "Enamel"), ("Size", SCALES), 2600),
    Shelf("Kitchen", {
        "Pans": ("Frying pans", "Saucepans", "Casseroles"),
        "Knives": ("Cook's knives", "Paring knives", "Bread knives"),
        "Boards": ("Cutting boards", "Bread boards", "Trays"), "Storage": ("Jars", "Tins", "Baskets")},
        ("Cast iron", "Steel", "Copper", "Oak", "Beech", "Glass"),
        ("Size", ("16 cm", "20 cm", "24 cm", "28 cm")), 4800),
    Shelf("Textiles", {
        "Bed": ("Duvet covers", "Sheets", "Blankets"), "Bath": ("Towels", "Bath mats", "Robes"),
        "Table linen": ("Napkins", "Tablecloths", "Tea towels"),
        "Cushions": ("Floor cushions", "Cushion covers", "Throws")},
        ("Linen", "Cotton", "Wool", "Hemp", "Silk"), ("Size", ("50 cm", "70 cm", "90 cm", "140 cm", "200 cm")), 5400),
    Shelf("Light", {
        "Lamps": ("Table lamps", "Floor lamps", "Desk lamps"),
        "Pendants": ("Glass pendants", "Paper pendants", "Metal pendants"),
        "Candles": ("Pillar candles", "Tapers", "Tealights"), "Holders": ("Candlesticks", "Lanterns", "Votives")},
        ("Paper", "Brass", "Glass", "Linen", "Beeswax", "Steel"), ("Size", SCALES), 8900),
    Shelf("Paper", {
        "Notebooks": ("Ruled notebooks", "Plain notebooks", "Pocket notebooks"),
        "Cards": ("Birthday cards", "Thank-you cards", "Postcards"),
        "Prints": ("Etchings", "Screen prints", "Risographs"), "Desk": ("Folders", "Calendars", "Wrapping paper")},
        ("Recycled paper", "Cotton paper", "Kraft paper", "Japanese paper"),
        ("Format", ("A6", "A5", "A4", "A3")), 1400),
    Shelf("Clothing", {
        "Tops": ("Shirts", "T-shirts", "Jumpers"), "Trousers": ("Work trousers", "Linen trousers", "Shorts"),
        "Outer": ("Coats", "Jackets", "Raincoats"), "Accessories": ("Scarves", "Hats", "Gloves")},
        ("Linen", "Cotton", "Wool", "Hemp", "Recycled nylon"), ("Size", CLOTHES), 7200),
    Shelf("Bags", {
        "Carry": ("Totes", "Rucksacks", "Shoppers"), "Travel": ("Weekend bags", "Wash bags", "Cases"),
        "Small": ("Wallets", "Pouches", "Key rings"), "Work": ("Laptop sleeves", "Briefcases", "Tool rolls")},
        ("Canvas", "Leather", "Felt", "Waxed cotton"), ("Size", SCALES), 6800),
    Shelf("Furniture", {
        "Seats": ("Chairs", "Stools", "Benches"), "Tables": ("Side tables", "Desks", "Dining tables"),
        "Shelves": ("Wall shelves", "Bookcases", "Hooks"), "Frames": ("Mirrors", "Picture frames", "Screens")},
        ("Oak", "Ash", "Beech", "Steel", "Rattan"), ("Finish", ("Oiled", "Soaped", "Painted", "Raw")), 24000),
    Shelf("Garden", {
        "Pots": ("Planters", "Hanging pots", "Saucers"), "Tools": ("Trowels", "Secateurs", "Watering cans"),
        "Seeds": ("Herb seeds", "Flower seeds", "Vegetable seeds"),
        "Outdoors": ("Bird houses", "Hammocks", "Lanterns outdoors")},
        ("Terracotta", "Steel", "Ash", "Zinc", "Jute"), ("Size", SCALES), 2900),
    Shelf("Play", {
        "Wood": ("Blocks", "Vehicles", "Puzzles"), "Soft": ("Dolls", "Animals", "Rattles"),
        "Games": ("Board games", "Card games", "Dice games"), "Making": ("Paints", "Crayons", "Clay sets")},
        ("Beech", "Cotton", "Wool", "Card"), ("Age", ("0-2 years", "3-5 years", "6-8 years", "9-12 years")), 2400),
)
