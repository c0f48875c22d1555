"""The columns of a case that it is counted by, and what they are called."""

from __future__ import annotations

KINDS = {
    "category": "类别",
    "team": "团队",
    "channel": "渠道",
    "product": "商品或服务",
    "region": "地区或门店",
}
