"""The package behind the report: tables in, findings, figures and pages out.

Modules point one way: ``paths`` → ``data`` → ``sources`` → analysis → ``charts`` and ``tables`` → ``render`` → ``pdf``;
``execute`` runs the chapters and ``cli`` is the command line. A chapter imports what it needs and stays thin.
"""

__version__ = "0.1.0"
