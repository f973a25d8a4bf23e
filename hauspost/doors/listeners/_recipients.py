"""Is this recipient ours? Asked at RCPT, off the event loop, remembered for a few seconds."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hauspost.doors.listeners._outage_log import OutageLog

# How long an answer holds: a new intake address is taken after so many seconds.
REMEMBERED_SECONDS = 5.0
_MOST = 10_000


class Recipients:
    """Answers whether mail for an address is taken, without the database being asked for each of a thousand mails."""

    def __init__(
        self,
        is_ours: Callable[[str], bool],
        *,
        domains: frozenset[str] = frozenset(),
        after_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._is_ours, self._domains, self._after_failure = is_ours, domains, after_failure
        self._known: dict[str, tuple[float, bool]] = {}
        self._log = OutageLog(
            "Recipients cannot be checked, senders try again later", over="Recipients are checked again"
        )
        self._askers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="recipients")

    async def accepts(self, address: str) -> bool:
        """True for an address of ours. Raises when the database cannot be asked: no answer is no refusal."""
        if self._is_postmaster(address):
            return True
        now = time.monotonic()
        until, answer = self._known.get(address, (0.0, False))
        if until > now:
            return answer
        answer = await asyncio.get_running_loop().run_in_executor(self._askers, self._ask, address)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[address] = (now + REMEMBERED_SECONDS, answer)
        return answer

    def close(self) -> None:
        """End the threads that ask."""
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _ask(self, address: str) -> bool:
        try:
            answer = self._is_ours(address)
        except Exception as fault:
            self._log.failed(fault)
            self._after_failure()
            raise
        self._log.works()
        return answer

    def _is_postmaster(self, address: str) -> bool:
        """RFC 5321 section 4.5.1: always, in any case of letters, also without a domain."""
        local, at, domain = address.lower().rpartition("@")
        return domain == "postmaster" if not at else local == "postmaster" and domain in self._domains
