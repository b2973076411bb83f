"""What PostgreSQL of a project holds."""

from __future__ import annotations

from tests.images.floor import Floor


def sql(floor: Floor, query: str) -> list[str]:
    """Rows of a query, columns parted by |."""
    psql = ("psql", "--username", "plateau", "--dbname", "plateau", "-At", "-c", query)
    done = floor.project.containers["postgres"].execute(*psql)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
