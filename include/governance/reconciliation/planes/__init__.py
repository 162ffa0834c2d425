"""Live exceptions of every plane against the register: what is excepted in AWS, and who approved it.

A plane is a place where AWS itself keeps exceptions: remediation exceptions and excluded accounts of AWS
Config, parameters of Control Tower, carve-outs of policies of Organizations, constraints of Service Catalog.
Read in this order: `live` (the words), `fits` (does a scope cover it?), one module per plane, `requests` (the
verdict on a request about a plane), `judge` (all of it), `findings`.
"""
