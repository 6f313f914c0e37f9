"""The open platform."""

from functools import cached_property

from heptad import _native
from heptad._systems import AsyncSystems, Systems


class Heptad(Systems):
    """An open platform, as one principal sees it: a handle for each system.

    It is a context manager, whose end closes it.
    """

    @cached_property
    def aio(self):
        """The same platform, with methods that are awaited."""
        return AsyncHeptad(self._native)

    def call(self, operation, request=None):
        """Calls an operation by its name, as in ``review.scan``.

        Parameters
        ----------
        operation : str
            The name.
        request : mapping, optional
            The fields of its request.

        Returns
        -------
        Json
            What it gives, as Python's own values.
        """
        return self._native.call_by_name(operation, {} if request is None else request)

    def stream(self, operation, request=None):
        """Calls an operation that streams by its name, as in ``events.tail``.

        Parameters
        ----------
        operation : str
            The name.
        request : mapping, optional
            The fields of its request.

        Returns
        -------
        Stream of Json
            What it gives, as Python's own values.
        """
        return self._native.stream_by_name(operation, {} if request is None else request)

    def as_principal(self, id, allow):
        """The same platform as somebody sees it who may do no more than `allow` says.

        Parameters
        ----------
        id : str
            Who it is.
        allow : iterable of str
            What they may do: ``review.scan``, ``search.*``, or ``*`` for everything.

        Returns
        -------
        Heptad
        """
        return Heptad(self._native.as_principal(id, list(allow)))

    def authenticate(self, credential):
        """The same platform as whoever shows an API key, a session or a token sees it.

        Parameters
        ----------
        credential : str
            What is shown.

        Returns
        -------
        Heptad
        """
        return Heptad(self._native.authenticate(credential))

    def sign_in(self, id):
        """The same platform as a principal sees it, with the roles assigned to them. That the caller is `id` is for the host to know.

        Parameters
        ----------
        id : str
            Who it is.

        Returns
        -------
        Heptad
        """
        return Heptad(self._native.sign_in(id))

    def with_progress(self, report=None):
        """The same platform, with long work telling how far it is.

        Parameters
        ----------
        report : callable, optional
            Called with what is done, how much it is in all (0: not known), and of what. At the end its `close` is called, where it has one. A
            bar of ``tqdm`` where it is not given.

        Returns
        -------
        Heptad
        """
        if report is None:
            from heptad.progress import Bar

            report = Bar()
        return Heptad(self._native.with_progress(report))

    def close(self):
        """Closes it. What others hold of the same platform stays open."""
        self._native.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __repr__(self):
        return f"Heptad({self._native!r})"


class AsyncHeptad(AsyncSystems):
    """An open platform whose methods are awaited. It is an asynchronous context manager, whose end closes it."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        self._native.close()

    def __repr__(self):
        return f"AsyncHeptad({self._native!r})"


def open(path=None, *, config_file=None, settings=None, environment=True):
    """Opens a platform, or creates it.

    Parameters
    ----------
    path : str or os.PathLike, optional
        The SQLite file that it is kept in; the search index is the folder ``<path>.index``. In memory, and forgotten at the end, where it is
        not given.
    config_file : str or os.PathLike, optional
        A configuration file (TOML).
    settings : mapping, optional
        Settings by key, as in ``{"backup.target": "/mnt/backup"}``. They stand above file and environment.
    environment : bool
        Whether the environment variables ``HEPTAD_*`` are read.

    Returns
    -------
    Heptad

    Raises
    ------
    UnavailableError
        The file cannot be opened.
    CorruptError
        It is damaged.
    InvalidInputError
        The configuration is wrong.
    """
    return Heptad(_native.open(path, config_file, settings, environment))


async def aopen(path=None, *, config_file=None, settings=None, environment=True):
    """Opens a platform for ``await``: as `open`.

    Returns
    -------
    AsyncHeptad
    """
    return AsyncHeptad(await _native.open_async(path, config_file, settings, environment))
