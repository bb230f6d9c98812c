"""The page's own Markdown renderer, in the browser that it runs in."""

from __future__ import annotations

import pytest

from tests.web.browser import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARKDOWN = [
    (
        "plain *em* **strong** ~~del~~",
        "<p>plain <em>em</em> <strong>strong</strong> <del>del</del></p>",
    ),
    ("a\nb\n\nc", "<p>a<br>b</p><p>c</p>"),
    ("`a*b*` and ``x`y``", "<p><code>a*b*</code> and <code>x`y</code></p>"),
    ("snake_case_name 2*3*4", "<p>snake_case_name 2<em>3</em>4</p>"),
    (r"\*not em\*", "<p>*not em*</p>"),
    ("# Title\ntext", "<h3>Title</h3><p>text</p>"),
    (
        "- a\n- b\n  - c\n1. d",
        "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>d</li></ol>",
    ),
    ("3. c\n\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
    ("> q\n> r\n\ns", "<blockquote><p>q<br>r</p></blockquote><p>s</p>"),
    (
        "```py\na < b\n\n*c*\n",
        '<pre data-language="py" tabindex="0"><code>a &lt; b\n\n*c*\n</code></pre>',
    ),
    ("````\n```\n````\nz", '<pre tabindex="0"><code>```</code></pre><p>z</p>'),
    ("---", "<hr>"),
    ("5 * 3 * 2 and **", "<p>5 * 3 * 2 and **</p>"),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ("<b onclick=x>&amp;", "<p>&lt;b onclick=x&gt;&amp;amp;</p>"),
]


async def test_markdown(visitor: Visitor):
    rendered = await visitor.page.evaluate(
        """async sources => {
          const { render } = await import("/markdown.js");
          return sources.map(source => {
            const node = document.createElement("div");
            node.append(render(source));
            return node.innerHTML;
          });
        }""",
        [source for source, _ in MARKDOWN],
    )
    assert rendered == [expected for _, expected in MARKDOWN]


async def test_markdown_links_and_monsters(visitor: Visitor):
    found = await visitor.page.evaluate(
        """async () => {
          const { render } = await import("/markdown.js");
          const node = document.createElement("div");
          node.append(render("See https://a.example/x_y_z. Or [that](https://b.example)."));
          node.append(render("A [moon](https://c.example/Titan_(moon)) (see [it](https://d.example))"));
          const monsters = ["*".repeat(9000), "_a ".repeat(3000), "> ".repeat(5000),
            "`".repeat(9000), "- ".repeat(5000) + "x", "[".repeat(9000), "**a ".repeat(2000),
            "[a](https://b/" + "(a".repeat(4000), "[a](https://b/" + "(a)".repeat(3000)];
          const begun = performance.now();
          for (const monster of monsters) render(monster);
          const links = [...node.querySelectorAll("a")];
          const took = performance.now() - begun;
          return [links.map(link => [link.href, link.textContent, link.rel]), took];
        }"""
    )
    links, milliseconds = found
    assert links == [
        ["https://a.example/x_y_z", "https://a.example/x_y_z", "noopener noreferrer nofollow"],
        ["https://b.example/", "that", "noopener noreferrer nofollow"],
        ["https://c.example/Titan_(moon)", "moon", "noopener noreferrer nofollow"],
        ["https://d.example/", "it", "noopener noreferrer nofollow"],
    ]
    assert milliseconds < 5_000
