"""The bar on AWS: its CloudFormation stack, and what Zappa calls around its own commands."""
