"""Beginning, settings, folders, saved and watched files."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from analyzers.api import EXTENSIONS
from lsp_server.configuration import CONFIG_NAMES
from lsp_server.index.background import QUIET
from lsp_server.server import HpcLanguageServer
from lsp_server.session import path_of
from lsp_server.sources import HEADERS, is_header

DATABASE = "compile_commands.json"
WATCHED = (*CONFIG_NAMES, DATABASE, f"*{{{','.join(sorted({*HEADERS, *EXTENSIONS}))}}}")


def register(server: HpcLanguageServer) -> None:
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(did_save)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_folders)


def initialize(ls: HpcLanguageServer, params: types.InitializeParams) -> None:
    ls.begin(params)


async def initialized(ls: HpcLanguageServer, params: types.InitializedParams) -> None:
    """Watch the files that hold settings and flags, and headers, and ask for the editor's."""
    if ls.client.watches:
        patterns = [types.FileSystemWatcher(f"**/{name}") for name in WATCHED]
        registration = types.Registration(
            "hpc-ls-files",
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            types.DidChangeWatchedFilesRegistrationOptions(patterns),
        )
        ls.client_register_capability(types.RegistrationParams([registration]))
    await ls.pull_settings()


def did_save(ls: HpcLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.did_save(params)


async def did_change_configuration(ls: HpcLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Newer clients are asked; older ones send the settings along."""
    if ls.client.configuration:
        await ls.pull_settings()
        return
    ls.configuration.set_editor(params.settings)
    ls.settings_changed()


def did_change_watched_files(ls: HpcLanguageServer, params: types.DidChangeWatchedFilesParams) -> None:
    names = {path.name for change in params.changes if (path := path_of(change.uri)) is not None}
    if names & {*CONFIG_NAMES}:
        ls.settings_changed()
    elif DATABASE in names or any(is_header(Path(name)) for name in names):
        ls.look_again()
    if ls.index is not None and any(Path(name).suffix.lower() in EXTENSIONS for name in names):
        ls.index.touch(QUIET, rescan=True)


def did_change_folders(ls: HpcLanguageServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    folders = ls.configuration.folders
    gone = {path_of(folder.uri) for folder in params.event.removed}
    added = [path_of(folder.uri) for folder in params.event.added]
    ls.configuration.folders = [f for f in folders if f not in gone] + [f for f in added if f is not None]
    ls.settings_changed()
