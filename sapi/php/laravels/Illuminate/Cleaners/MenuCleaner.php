<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

/** lavary/laravel-menu: the menus of a page. */
class MenuCleaner extends ForgettingCleaner
{
    protected $services = ['Lavary\Menu\Menu', 'menu'];
}
