<?php
/* Notes, "upload" and "routes": classes loaded in the worker, a controller and its method from the path. */
  function onWorkerStart(){ //in the worker: how classes are found
    echo "worker process start!\n";
    swoole_set_process_name("hyh_worker_process");
    var_dump(spl_autoload_register(function($class){
      $baseClassPath = \str_replace('\\',DIRECTORY_SEPARATOR , $class) .'.php';
      $classPath = __DIR__ .'/controllers/'.$baseClassPath;
      if(is_file($classPath)){
        require "{$classPath}";
        return; //directory_separator
      }
    }));
  }
  //the address of the request, taken apart
  function onRequest($request,$response){
     $path_info = explode('/',$request->server['path_info']);
     if( isset($path_info[1]) && !empty($path_info[1])){
      $controller = 'HTTP\Controllers\\'.$path_info[1].'Controller';
     }else{
      $controller = 'HTTP\Controllers\\IndexController';
     }
     if( isset($path_info[2])){ //method
      $action = $path_info[2];
     }else{
      $action ='index';
     }
     $result = 'Controller not found!';
     if(class_exists($controller)){
      $class = new $controller;
      $result = 'Action not found!';
      if(method_exists($class,$action)){
        $result = $class->$action($request);
      }else{
        $result = "<h1>method 404 NOT FOUND!</h1>";
      }
     }else{
      $result = "<h1>Controller 404 NOT FOUND!</h1>";
     }
     $response->end($result);
  }

mkdir(getenv('RS_DIR') . '/app');
$serv = new swoole_http_server('127.0.0.1', getenv('RS_PORT'), SWOOLE_PROCESS);
                $serv->set(array( //the folder: 220 bytes at most
                          'upload_tmp_dir' => getenv('RS_DIR') . '/data/uploadfiles/',
                          "package_max_length"=>100000
                ));
$serv->set(array('worker_num' => 1));
$serv->on('workerStart', 'onWorkerStart');
$serv->on('request', 'onRequest');
$serv->start();
