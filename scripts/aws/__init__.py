"""The bar on AWS: its CloudFormation stack, and the callbacks that Zappa calls around
its commands.
"""
