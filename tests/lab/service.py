"""What mtastsd and mtasts-milter have in common in the lab: signals, the end, and the JSON log."""
import json
import os
import signal


class Service:
    """A program under test in the relay's namespace. A subclass starts it, and sets pid and log_file."""
    pid = None

    def kill(self):
        """A crash: kill -9."""
        self.lab.processes.stop(self.pid, signal.SIGKILL)

    def stop(self, seconds=30.0):
        """A graceful stop; returns the exit status."""
        return self.lab.processes.stop(self.pid, signal.SIGTERM, seconds)

    def reload(self):
        os.kill(self.pid, signal.SIGHUP)

    def running(self):
        return self.pid is not None and self.lab.processes.alive(self.pid)

    def mark(self):
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def log(self, start=0):
        """The JSON log lines from a position on; lines that are not JSON (a sanitizer's) are left out."""
        entries = []
        for line in self.log_file.read_bytes()[start:].decode(errors="replace").splitlines():
            try:
                entries.append(json.loads(line))
            except ValueError:
                continue
        return entries

    def tail(self, lines=25):
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
