"""The workbench as a person uses it: files, terminal.

Rule: each step waits for what the next one needs to be on the screen.
"""

from dataclasses import dataclass

from playwright.sync_api import Page

_EXPLORER = ".explorer-folders-view"
_LINES = ".editor-group-container .monaco-editor .view-line"
_TERMINAL = ".terminal-wrapper.active"


@dataclass(frozen=True)
class Workbench:
    """An opened editor."""

    page: Page

    def wait_until_usable(self) -> None:
        """Wait until the folder's files are listed."""
        self.page.wait_for_selector(".monaco-workbench")
        self.page.wait_for_selector(f"{_EXPLORER} .monaco-list")

    def add_line(self, file: str, text: str) -> None:
        """Open a file from the explorer, add a line at its end and save it."""
        self.page.locator(f"{_EXPLORER} .monaco-list-row", has_text=file).dblclick()
        line = self.page.locator(_LINES).first
        line.wait_for()
        line.click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(f"{text}\n")
        self.page.keyboard.press("Control+S")

    def open_terminal(self, *, trust: bool = False) -> None:
        """Open a terminal and wait for its prompt; say first that the folder is trusted."""
        self.page.keyboard.press("Control+Backquote")
        if trust:
            self.page.get_by_role("button", name="Trust Folder & Continue").click()
        self.page.wait_for_selector(f"{_TERMINAL} .xterm")
        self.page.locator(f"{_TERMINAL} .xterm-helper-textarea").wait_for(state="attached")

    def type_in_terminal(self, command: str) -> None:
        """Type a command and press Enter."""
        self.page.locator(f"{_TERMINAL} .xterm-helper-textarea").focus()
        self.page.keyboard.type(f"{command}\n")
