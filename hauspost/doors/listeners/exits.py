"""The exit statuses that mail servers understand (sysexits.h): 65 and 67 return the mail, 75 lets them try again."""

EX_OK, EX_DATAERR, EX_NOUSER, EX_TEMPFAIL = 0, 65, 67, 75
