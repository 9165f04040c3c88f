/* Linked into the tests: gives them an object cache and a folder for temporary files of their own before anything runs, which
   go away with them. Programs that they start inherit both. There is nothing to call. */
