"""What AWS is told: the order workflow and the CloudFormation template, as plain data.

Imports `domain` and troposphere only; deploying is somebody else's work.
"""
