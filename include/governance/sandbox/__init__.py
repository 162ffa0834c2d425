"""The embedded stand-ins: AWS, ticket systems, mail, and the scenario that fills them.

Imported by nobody but the command line and the tests.
"""
