"""The help page: keyboard, roles, and what the words of the pages mean."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

# Where a key works, the key, and what it does; app.js acts on the same keys.
KEYS = (
    ("全部页面", (
        ("?", "显示或关闭快捷键"),
        ("g q", "打开队列"),
        ("g s", "打开统计"),
        ("/", "查找"),
        ("Esc", "离开输入框，或关闭对话框"),
    )),
    ("队列", (
        ("j", "下一个案例"),
        ("k", "上一个案例"),
        ("Enter", "打开案例"),
        ("x", "勾选"),
        ("c", "认领勾选的案例；没有勾选时认领当前案例"),
    )),
    ("案例", (
        ("j", "本列表的下一个案例"),
        ("k", "上一个案例"),
        ("u", "回到列表"),
        ("c", "认领"),
        ("y", "确认判断"),
        ("e", "更正判断"),
        ("r", "记录首次响应"),
        ("w", "等待客户，或结束等待"),
        ("n", "写备注"),
        ("s", "延后"),
        ("d", "解决"),
    )),
)  # fmt: skip


def add(routes: Blueprint) -> None:
    """The route of the page, which also works without JavaScript."""

    @routes.get("/help")
    def show_help() -> Response:
        """What the keys do and who may do what."""
        return make_response(render_template("help.html"))
