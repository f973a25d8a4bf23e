"""The look that desk and portal share: base templates, macros, icons, style sheet."""
