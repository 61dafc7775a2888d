"""Tables as a parser that is not ours reads them."""

from html.parser import HTMLParser


class Cells(HTMLParser):
    """Collects the text of cells by row, and every tag and title."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.titles, self.inside = [], set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.titles += [value for key, value in attrs if key == "title"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data
