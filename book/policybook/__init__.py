"""The package behind the report: tables in, findings, figures and pages out.

Modules point one way: ``paths`` → ``data`` → ``sources`` → analysis → ``charts`` and ``tables`` → ``stills`` →
``render`` → ``site`` (with ``execute`` and ``pdf``) → ``build`` → ``cli``. A chapter imports what it needs and stays
thin.
"""

__version__ = "0.2.0"
