"""`python -m hauspost` is the hauspost command."""

from hauspost.doors.cli.main import main

if __name__ == "__main__":
    main()
