"""A small ext4 in a file, mounted through a loop device. It can be frozen, filled, and made read-only."""
import contextlib
import os
import subprocess

from lab.processes import LabError, run, wait_until


class Disk:
    """Mounted with the with statement."""

    def __init__(self, path, megabytes=64, inodes=None):
        self.image, self.path = path.with_suffix(".img"), path
        self.megabytes, self.inodes = megabytes, inodes

    def __enter__(self):
        self.path.mkdir(exist_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(self.megabytes << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", *(["-N", self.inodes] if self.inodes else []), self.image)
        try:
            run("mount", "-o", "loop", self.image, self.path)
        except LabError as error:
            raise LabError(f"loop devices don't work here: {error}") from error
        return self

    def __exit__(self, *_):
        with contextlib.suppress(LabError):
            self.thaw()
        wait_until(f"{self.path} to be free", self.unmount, 30, 0.2)
        self.image.unlink()

    def unmount(self):
        return subprocess.run(["umount", str(self.path)], capture_output=True).returncode == 0

    def freeze(self):
        run("fsfreeze", "-f", self.path)

    def thaw(self):
        run("fsfreeze", "-u", self.path)

    def remount(self, how):
        run("mount", "-o", f"remount,{how}", self.path)

    def fill(self):
        """Takes every free block; free() gives them back."""
        with open(self.path / "filler", "wb", buffering=0) as file:
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, 1 << 20)
            with contextlib.suppress(OSError):
                file.seek(0, os.SEEK_END)
                while file.write(bytes(4096)):
                    pass

    def free(self):
        (self.path / "filler").unlink()

    def use_inodes(self):
        """Makes empty files until no inode is left."""
        (self.path / "files").mkdir()
        with contextlib.suppress(OSError):
            for number in range(1_000_000):
                (self.path / "files" / str(number)).touch()
