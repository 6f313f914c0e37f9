"""How far long work is."""

__all__ = ["Bar"]


class Bar:
    """A bar of `tqdm`: in a terminal a line, in a notebook a widget.

    It is what `Heptad.with_progress` shows where nothing else is given, and needs the package ``tqdm``.

    Parameters
    ----------
    **options
        What `tqdm` is to be told, as in ``file=sys.stdout``.
    """

    def __init__(self, **options):
        from tqdm.auto import tqdm

        self._make, self._options, self._bar = tqdm, options, None

    def __call__(self, done, total, label):
        if self._bar is None:
            self._bar = self._make(total=total or None, **self._options)
        self._bar.total = total or None
        self._bar.set_description_str(label, refresh=False)
        self._bar.n = done
        self._bar.refresh()

    def close(self):
        """Ends the bar; the next work gets a new one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
