<?php

namespace Acme;

class Cache
{
    public static array $items = [];

    private ?object $store = null;

    public function store(): object
    {
        return $this->store ??= new \ArrayObject();
    }
}
