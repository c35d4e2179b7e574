"""A job for the child process: the value of one of the program's names."""


def run(program, options):
    """Return the value."""
    return {"value": getattr(program.module, options["wanted"])}
