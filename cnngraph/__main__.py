"""The command, with as little imported as can be before Ctrl-C is seen to."""

# The part of `signal` in C: the rest imports enum and more, and Ctrl-C would show where in it that was.
from _signal import SIG_DFL, SIGINT, default_int_handler, getsignal, signal  # type: ignore[import-not-found]


def main() -> None:
    """Entry point. Until `cnngraph.cli.main` sees to Ctrl-C, and after it has ended, that ends the process without a
    word: no import and nothing that Python does at its end shows where it was interrupted."""
    if getsignal(SIGINT) is default_int_handler:  # it is ignored in the background of a script
        signal(SIGINT, SIG_DFL)
    from cnngraph import cli

    cli.main()


if __name__ == "__main__":
    main()
