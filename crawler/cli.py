"""The ``nianbao`` command: the commands of crawler, pipeline and archive under one name."""

from __future__ import annotations

import click

import archive.commands
import archive.keeping.commands
import crawler.commands
import pipeline.check.commands
import pipeline.commands
import pipeline.evidence.commands
from archive.store import StoreError
from pipeline.evidence.maker import Drawer


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        """Run a command; a store that can't be used ends any of them alike."""
        try:
            return super().invoke(ctx)
        except StoreError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao")
@click.pass_context
def main(context: click.Context) -> None:
    """Archive of 政府信息公开工作年度报告: find, keep, read, check and publish them.

    \b
    A first look, with the bundled copy of both sites:
      nianbao demo
    The real sites, politely, into ./data:
      nianbao probe spt
      nianbao crawl spt nxzw
      nianbao publish
      nianbao serve
    One file of your own:
      nianbao parse report.pdf
      nianbao check draft.docx
    """  # noqa: D301 - \b is click's mark for text that is not re-wrapped
    # The site reads no documents; this is how it gets pictures of them.
    context.obj = Drawer()


main.add_command(crawler.commands.demo)
main.add_command(crawler.commands.crawl)
main.add_command(crawler.commands.nightly)
main.add_command(crawler.commands.accept)
main.add_command(crawler.commands.probe)
main.add_command(crawler.commands.new_site)
main.add_command(pipeline.commands.parse)
main.add_command(pipeline.commands.reparse)
main.add_command(pipeline.commands.restore)
main.add_command(pipeline.check.commands.check)
main.add_command(pipeline.evidence.commands.evidence)
main.add_command(archive.commands.publish)
main.add_command(archive.commands.serve)
main.add_command(archive.commands.status)
main.add_command(archive.keeping.commands.verify)
main.add_command(archive.keeping.commands.backup)
main.add_command(archive.keeping.commands.export)
main.add_command(archive.keeping.commands.store)

if __name__ == "__main__":
    main()
