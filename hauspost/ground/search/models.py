"""What can be found: one row per entry, and the vocabulary of all rows."""

from django.db import models

VISIBILITIES = ("public", "internal")


class SearchDocument(models.Model):
    """One entry's text as it is found and shown; the database's index follows from this row, in its transaction.

    `id` is the order of results: what was indexed last stands first. `scope` holds space-separated tokens ("t3 r17").
    """

    kind = models.CharField(max_length=20)
    ref = models.BigIntegerField()
    entry = models.BigIntegerField(default=0)
    visibility = models.CharField(max_length=10, choices=[(name, name) for name in VISIBILITIES])
    scope = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    folding_version = models.SmallIntegerField()
    unsearched_chars = models.IntegerField(default=0)
    title = models.TextField(blank=True)
    # Distinct folded words, space-separated: what the index holds, kept so that it can be taken out again.
    words = models.TextField(blank=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ref", "entry", "kind"], name="search_document_once"),
            models.CheckConstraint(condition=models.Q(visibility__in=VISIBILITIES), name="search_document_visibility"),
        ]


class SearchWord(models.Model):
    """A word that occurs in some document; word beginnings and parts of compounds are expanded through it.

    Its indexes are the database's own affair (sqlite.py, postgres.py). On PostgreSQL a word may stand twice after a
    race: a unique index there would make writers of the same new words wait for each other, and deadlock.
    """

    word = models.TextField()
