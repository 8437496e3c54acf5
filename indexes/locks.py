"""PostgreSQL's advisory locks: one number for each kind of work that one process does at a time."""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """Two kinds under one number would wait for each other."""

    GIVING_OUT_PORTS = 0x5707_0001
    WRITING_LISTENERS = 0x5707_0002
    BUILDING_SEGMENTS = 0x5707_0003
    IMPORTING = 0x5707_0004
    ARCHIVING = 0x5707_0005
    VERIFYING = 0x5707_0006
    SEALING_ANEW = 0x5707_0007
    KEEPING_UP_NODES = 0x5707_0008
    SCHEDULING = 0x5707_0009
