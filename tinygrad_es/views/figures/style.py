"""How an SVG looks: every colour, once for light and once for dark themes.

Colours are CSS classes under `.tge`. What a colour says is always said twice: rows carry labels,
kinds of boxes differ in shape (inputs are round, parameters have a bar, constants are dashed,
outputs and layers have a double border or a thick one), gradient arrows are dashed, warnings are
words.
"""

SANS = 'ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'

# (selector, property, light, dark): every colour of the drawing.
COLOURS = (
    (".bg", "fill", "#ffffff", "#0f141b"),
    (".card", "fill", "#ffffff", "#171e28"),
    (".name,.title", "fill", "#111827", "#f1f5f9"),
    (".label,.note,.caption", "fill", "#5b6472", "#a3adba"),
    (".text", "fill", "#1f2937", "#e2e8f0"),
    (".text.value", "fill", "#15803d", "#4ade80"),
    (".text.grad", "fill", "#b91c1c", "#f87171"),
    (".forward .line", "stroke", "#64748b", "#8b98a9"),
    (".forward .tip", "fill", "#64748b", "#8b98a9"),
    (".forward text", "fill", "#475569", "#b6c1ce"),
    (".backward .line", "stroke", "#dc2626", "#f87171"),
    (".backward .tip", "fill", "#dc2626", "#f87171"),
    (".backward text", "fill", "#b91c1c", "#f87171"),
    (".input .edge", "stroke", "#2563eb", "#60a5fa"),
    (".input .head", "fill", "#e3edfd", "#1b2d4b"),
    (".parameter .edge", "stroke", "#7c3aed", "#a78bfa"),
    (".parameter .head", "fill", "#efe8fd", "#2d2450"),
    (".parameter .bar", "fill", "#7c3aed", "#a78bfa"),
    (".constant .edge", "stroke", "#7b8494", "#8d98a7"),
    (".constant .head", "fill", "#f3f4f6", "#222a35"),
    (".operation .edge", "stroke", "#475569", "#94a3b8"),
    (".operation .head", "fill", "#e9eef4", "#263241"),
    (".output .edge", "stroke", "#b45309", "#fbbf24"),
    (".output .head", "fill", "#fdeed8", "#40300f"),
    (".layer .edge", "stroke", "#0f766e", "#2dd4bf"),
    (".layer .head", "fill", "#e0f2ef", "#0f3330"),
    (".first .edge", "stroke", "#be123c", "#fb7185"),
    (".first .head", "fill", "#fdecef", "#451420"),
    (".second .edge", "stroke", "#a16207", "#facc15"),
    (".second .head", "fill", "#fdf6d8", "#3a2f0b"),
    (".failed .edge,.wrong .edge", "stroke", "#b91c1c", "#f87171"),
    (".failed .head,.wrong .head", "fill", "#fee2e2", "#4c1616"),
    (".carried .edge", "stroke", "#b45309", "#fbbf24"),
    (".carried .head", "fill", "#fef3c7", "#453209"),
    (".right .edge", "stroke", "#15803d", "#4ade80"),
    (".right .head", "fill", "#dcfce7", "#10351d"),
    (".active .edge,.arrow.active .line", "stroke", "#d97706", "#fbbf24"),
    (".arrow.active .tip", "fill", "#d97706", "#fbbf24"),
    (".flag", "fill", "#b91c1c", "#fca5a5"),
    (".right .flag", "fill", "#15803d", "#4ade80"),
    (".carried .flag", "fill", "#b45309", "#fbbf24"),
    (".map.value", "stroke", "#15803d", "#4ade80"),
    (".map.grad", "stroke", "#b91c1c", "#f87171"),
)

SHAPES = f"""
.tge text{{font-family:{SANS};white-space:pre}}
.tge .title{{font-size:16px;font-weight:600;text-anchor:middle}}
.tge .caption{{font-size:12px;text-anchor:middle}}
.tge .name{{font-size:14px;font-weight:600;text-anchor:middle}}
.tge .label{{font-size:11px}}
.tge .note{{font-size:10.5px;font-style:italic;text-anchor:middle}}
.tge .text{{font-family:{MONO};font-size:12px;text-anchor:end}}
.tge .arrow text{{font-family:{MONO};font-size:11px;text-anchor:middle}}
.tge .edge{{fill:none;stroke-width:1.3}}
.tge .constant .edge{{stroke-dasharray:5 3}}
.tge .line{{fill:none;stroke-width:1.5}}
.tge .backward .line{{stroke-dasharray:5 3.5}}
.tge .w2 .line{{stroke-width:2.1}}
.tge .w3 .line{{stroke-width:2.7}}
.tge .w4 .line{{stroke-width:3.3}}
.tge .layer .behind{{opacity:.55}}
.tge .active .edge,.tge .failed .edge,.tge .wrong .edge{{stroke-width:3.2}}
.tge .carried .edge{{stroke-width:2.4;stroke-dasharray:7 3}}
.tge .map{{fill:none;stroke-width:.8}}
.tge .waiting{{opacity:.6}}
.tge .hidden{{visibility:hidden}}
.tge .flag{{font-size:11px;font-weight:700;text-anchor:middle}}
"""


def colours(column: int) -> str:
    """The rules of a theme: 2 light, 3 dark."""
    return "".join([_rule(row[0], row[1], row[column]) for row in COLOURS])


def _rule(selectors: str, name: str, colour: str) -> str:
    scoped = ",".join([f".tge {selector}" for selector in selectors.split(",")])
    return f"{scoped}{{{name}:{colour}}}\n"
