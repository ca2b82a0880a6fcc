"""Thirty nights: what the sites do before each, and what the archive must say of it, by hand.

Each walk begins at one o'clock, Beijing time, on the day of December 2026 that the night has as its
number. A report that is listed as before is asked for again after six nights, so what happens to it
without a sign on its list is noticed on the next of the nights 1, 7, 13, 19, 25 (or six nights
after the night on which a sign made the walk ask).
"""

from __future__ import annotations

from collections.abc import Callable

from tests.nights.world import HOSTS, World

Act = Callable[[World], None]
SPT, NXZW = HOSTS["spt"], HOSTS["nxzw"]


def lose(world: World, name: str) -> None:
    """Take the file of a report away and keep its bytes for later."""
    world.urls[f"{name} bytes"] = world.server.read(world.urls[name]).decode()
    world.server.remove(world.urls[name])


def bring_back(world: World, name: str) -> None:
    """Put the file of a report back as it was."""
    world.server.add(world.urls[name], world.urls.pop(f"{name} bytes").encode())


def _n3(world: World) -> None:
    world.add("added", "2026-12-02")
    world.edit("edited", "下一年继续改进", "下一年逐项改进")  # without a sign on the list


def _n4(world: World) -> None:
    world.edit_cell("cell", 3)
    world.relist("cell", "2024-01-12", "2026-12-03")


def _n5(world: World) -> None:
    world.reorder("binhezhen")
    world.edit("bytes", "</body>", "<!-- 第二台服务器 --></body>")


def _n8(world: World) -> None:
    world.move("moving", "202612")


def _n9(world: World) -> None:
    lose(world, "lost")
    world.unlist("unlisted")


def _n11(world: World) -> None:
    world.server.block(SPT, None)
    world.server.slow_down(NXZW, 0.03)
    world.server.answer_with(world.urls["soft"], 200)
    world.unlist("soft")


def _n12(world: World) -> None:
    world.server.slow_down(NXZW, 0)
    world.server.answer_with(world.urls["home"], 302, f"https://{NXZW}/")
    world.unlist("home")


def _n14(world: World) -> None:
    world.add("broken", "2026-12-13")
    world.server.break_off(world.urls["broken"])


def _n15(world: World) -> None:
    world.server.break_off(world.urls["broken"], ends=True)


def _n16(world: World) -> None:
    world.server.validators = False


def _n18(world: World) -> None:
    world.server.validators = True
    world.list_again("unlisted")


def _n20(world: World) -> None:
    bring_back(world, "lost")
    world.server.block(NXZW, 521)


def _n21(world: World) -> None:
    world.server.block(NXZW, None)
    slug = "sptqzfbgs"
    text = world.server.read(world.lists[slug]).decode()
    old = text[text.index("createPageHTML(") : text.index("</script></div>")]
    world.server.edit(world.lists[slug], old, "var countPage = 3; var currentPage = 0;")


def _n22(world: World) -> None:
    world.replace_file("file")


def _n23(world: World) -> None:
    body = world.lists["binhezhen"].rpartition("/xxgknb")[0] + "/"
    world.server.edit(body, "政府信息公开年报", "政府信息公开工作年度报告")


def _n24(world: World) -> None:
    world.move_column("zhenluozhen", "zfxxgknb_60001")


def _n27(world: World) -> None:
    world.server.answer_with(world.urls["gone"], 410)
    world.unlist("gone")


def _n28(world: World) -> None:
    lose(world, "cell")
    world.unlist("cell")


def _n29(world: World) -> None:
    bring_back(world, "cell")
    world.list_again("cell")


BEFORE: dict[int, Act] = {
    3: _n3,
    4: _n4,
    5: _n5,
    8: _n8,
    9: _n9,
    10: lambda world: world.server.block(SPT, 412),
    11: _n11,
    12: _n12,
    14: _n14,
    15: _n15,
    16: _n16,
    18: _n18,
    19: lambda world: world.server.block(SPT, 405),
    20: lambda world: (world.server.block(SPT, None), _n20(world))[1],
    21: _n21,
    22: _n22,
    23: _n23,
    24: _n24,
    27: _n27,
    28: _n28,
    29: _n29,
    30: lambda world: world.add("last", "2026-12-29"),
}

# (night, kind, report, where it is now); a report of one file is named by it.
EVENTS = {
    (8, "moved", "moving before", "moving"),
    (9, "missing", "unlisted", None),
    (10, "removed", "unlisted", None),
    (11, "missing", "soft", None),
    (12, "removed", "soft", None),
    (12, "missing", "home", None),
    (13, "removed", "home", None),
    (13, "missing", "lost before", None),
    (14, "removed", "lost before", None),
    (18, "restored", "unlisted", None),
    (20, "restored", "lost before", None),
    # Their list moved on night 24. A list that is gone says nothing of its documents, so the old
    # addresses are asked for when their six nights since the 20th are over.
    (26, "moved", "lost before", "lost"),
    (26, "moved", "gone before", "gone"),
    (27, "missing", "gone", None),
    (28, "removed", "gone", None),
    (28, "missing", "cell", None),
    (29, "restored", "cell", None),
}
CHANGES = {
    (3, "new", "added"),
    (4, "edited", "cell"),
    (7, "edited", "edited"),
    (15, "new", "broken"),
    (25, "edited", "file pdf"),
    (30, "new", "last"),
}
CAUSES = {
    "unlisted": "not-listed",
    "soft": "soft-404",
    "home": "redirect-home",
    "gone": "http-410",
    "lost before": "http-404",
}
OUTCOMES = {(10, "spt"): "blocked", (19, "spt"): "blocked", (20, "nxzw"): "blocked"}
# Nights before which nothing happens and on which nothing is due.
QUIET = (2, 6)
NUMBER = 30
