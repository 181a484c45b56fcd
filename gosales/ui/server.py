"""Serves the UI: Dagster's own web application behind the guard."""

import contextlib
import logging
import signal
import socket

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from gosales.ui.guard import Access, Guard, web_server
from gosales.ui.services import code_server, daemon

# How often open pages ask for what is new; `dagster dev`'s own.
POLL_MILLISECONDS = 2_000


def guarded(context: WorkspaceProcessContext, access: Access) -> Guard:
    """Build Dagster's web application with the guard before all of it."""
    app = create_app_from_workspace_process_context(context, live_data_poll_rate=POLL_MILLISECONDS)
    return Guard(app, access)


def serve(
    instance: dg.DagsterInstance,
    module: str,
    port: socket.socket,
    access: Access,
    *,
    read_only: bool,
) -> None:
    """Serve the UI, with a daemon unless it is read-only, until it is interrupted.

    Parameters
    ----------
    instance
        The history.
    module
        Has the definitions.
    port
        Bound.
    access
        What the guard lets pass.
    read_only
        Whether nothing can be started or changed.

    Raises
    ------
    ServedError
        See `services`.
    """
    configure_loggers()
    logging.getLogger("dagster").setLevel(logging.INFO)
    setup_interrupt_handlers()
    if hasattr(signal, "SIGHUP"):
        # The terminal was closed.
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        workspace = stack.enter_context(code_server(instance, module))
        context = stack.enter_context(
            WorkspaceProcessContext(
                instance,
                version=__version__,
                read_only=read_only,
                workspace_load_target=WorkspaceFileTarget([str(workspace)]),
            )
        )
        server = web_server(guarded(context, access))
        if not read_only:
            stack.enter_context(daemon(workspace, lambda: setattr(server, "should_exit", True)))
        server.run(sockets=[port])
